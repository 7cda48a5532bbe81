import type { IncomingMessage, ServerResponse } from 'node:http';
import { contentSecurityPolicy, type WebSocketAddress } from './content-security.js';
import { PAGE_DIRECTORY, type PageFile, readPageFiles } from './page-files.js';

/** Configuration of the chat page. */
export interface ChatPageConfig {
  /** The server that the page logs in to. */
  readonly webSocket: WebSocketAddress;
  /** Path of the page; must begin and end with `/`. Default `/`. */
  readonly basePath?: string | undefined;
  /** Whether the sign-in form requires a token. Default false. */
  readonly tokenRequired?: boolean | undefined;
  /** Whether users may connect to servers on other hosts. Default false. */
  readonly otherServers?: boolean | undefined;
  /** Directory of the built page. Default {@link PAGE_DIRECTORY}. */
  readonly directory?: string | undefined;
}

/** Answers a request for the page and returns true; returns false for any other request, without touching it. */
export type ChatPageHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Creates a request handler for the files of the chat page and its configuration, `config.json`.
 *
 * The files are read once, synchronously. Responses have a content type and an `ETag`, and are compressed with gzip if
 * the browser accepts it. Files with a hash in their name are cacheable for one year. Only GET and HEAD are allowed.
 *
 * @throws Error if the page is not built, or `basePath` does not begin and end with `/`.
 */
export function chatPage(config: ChatPageConfig): ChatPageHandler {
  const { webSocket, basePath = '/', tokenRequired = false, otherServers = false } = config;
  if (!/^\/(?:.*\/)?$/.test(basePath)) {
    throw new Error(`basePath must begin and end with /, got ${JSON.stringify(basePath)}`);
  }
  const files = readPageFiles(config.directory ?? PAGE_DIRECTORY);
  const settings = JSON.stringify({ webSocket, tokenRequired, otherServers });

  return (request, response) => {
    const path = pathOf(request);
    if (`${path}/` === basePath) return redirect(response, basePath);
    if (!path.startsWith(basePath)) return false;
    const name = path.slice(basePath.length) || 'index.html';
    const file = files.get(name);
    if (file === undefined && name !== 'config.json') return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') return rejectMethod(response);
    setCommonHeaders(response);
    if (file === undefined) return answerConfig(request, response, settings);
    if (name === 'index.html') {
      const policy = contentSecurityPolicy(webSocket, request.headers.host, otherServers);
      response.setHeader('content-security-policy', policy);
    }
    return answerFile(request, response, file);
  };
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

function setCommonHeaders(response: ServerResponse): void {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
}

function answerConfig(request: IncomingMessage, response: ServerResponse, settings: string): true {
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(settings),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : settings);
  return true;
}

function answerFile(request: IncomingMessage, response: ServerResponse, file: PageFile): true {
  const isGzipped = file.gzipped !== undefined && acceptsGzip(request);
  const body = isGzipped && file.gzipped !== undefined ? file.gzipped : file.body;
  const tag = `"${file.tag}${isGzipped ? '-gz' : ''}"`;
  response.setHeader('etag', tag);
  response.setHeader('vary', 'accept-encoding');
  response.setHeader('cache-control', file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (hasTag(request.headers['if-none-match'], tag)) {
    response.writeHead(304).end();
    return true;
  }
  response.writeHead(200, {
    'content-type': file.contentType,
    'content-length': body.length,
    ...(isGzipped && { 'content-encoding': 'gzip' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  return true;
}

/** Returns whether the browser accepts gzip. @see RFC 9110, 12.5.3: a weight of 0 means "not acceptable". */
function acceptsGzip({ headers }: IncomingMessage): boolean {
  const accepted = String(headers['accept-encoding'] ?? '');
  return accepted.split(',').some((item) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(item));
}

/** Compares entity tags weakly. @see RFC 9110, 13.1.2 */
function hasTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((item) => item.trim().replace(/^W\//, ''));
  return tags.includes(tag) || tags.includes('*');
}

function redirect(response: ServerResponse, location: string): true {
  response.writeHead(308, { location, 'content-length': 0 }).end();
  return true;
}

function rejectMethod(response: ServerResponse): true {
  response.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end();
  return true;
}
