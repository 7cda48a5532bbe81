import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Where the build puts the page: `index.html`, what stands beside it, and `assets/` with a hash in every name. */
export const PAGE_DIRECTORY = fileURLToPath(new URL('../dist/page', import.meta.url));

/** One file of the page, ready to be sent. */
export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
  /** The same compressed; undefined where that saves nothing. */
  readonly gzipped: Buffer | undefined;
  /** Changes with the content. Without the quotes of the header. */
  readonly tag: string;
  /** Its name changes with its content, so that it may be kept for ever. */
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
 * Reads the files of a built page, by their path below its directory with `/` between the parts. They are held in
 * memory: some hundred kilobytes, and no request can name a file that is not among them.
 *
 * @throws Error when there is no built page in the directory.
 */
export function readPageFiles(directory: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(join(directory, 'index.html'))) {
    throw new Error(`there is no chat page in ${directory}: build it with npm run build`);
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
