import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Directory of the built page: `index.html`, static files, and `assets/` with a hash in every file name. */
export const PAGE_DIRECTORY = fileURLToPath(new URL('../dist/page', import.meta.url));

/** A file of the page, ready to be sent. */
export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
  /** The body compressed with gzip; undefined if that is not smaller. */
  readonly gzipped: Buffer | undefined;
  /** A hash of the content, for the `ETag`. Without quotes. */
  readonly tag: string;
  /** Whether the file name contains a hash, so that it can be cached permanently. */
  readonly isImmutable: boolean;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
};

/**
 * Reads the files of a built page into memory, a few hundred kilobytes. The keys are paths relative to the directory,
 * with `/` as separator. Requests can only access these files, so path traversal is impossible.
 *
 * @throws Error if the directory contains no built page.
 */
export function readPageFiles(directory: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(join(directory, 'index.html'))) {
    throw new Error(`no chat page in ${directory}: build it with npm run build`);
  }
  const files = new Map<string, PageFile>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = relative(directory, file).split(sep).join('/');
    files.set(path, pageFile(path, readFileSync(file)));
  }
  return files;
}

function pageFile(path: string, body: Buffer): PageFile {
  const gzipped = gzipSync(body, { level: 9 });
  return {
    contentType: CONTENT_TYPES[extname(path)] ?? 'application/octet-stream',
    body,
    gzipped: gzipped.length < body.length ? gzipped : undefined,
    tag: createHash('sha256').update(body).digest('base64url').slice(0, 22),
    isImmutable: path.startsWith('assets/'),
  };
}
