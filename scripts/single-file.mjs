import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { leanModules, PREFIX } from './lean-modules.mjs';

const from = (path) => fileURLToPath(new URL(`../packages/${path}`, import.meta.url));

/**
 * The files that need no bundler: for a `<script type="module">`, and for mini-programs, whose `require` knows no
 * `exports`. Limits are in bytes after gzip.
 */
export const SINGLE_FILES = [
  {
    name: 'browser',
    entry: from('client/dist/index.js'),
    file: from('client/dist/browser/imcore-client.js'),
    format: 'esm',
    target: 'es2021',
    limit: 13.5 * 1024,
  },
  {
    name: 'mini-program',
    entry: from('client/dist/mini-program/index.js'),
    // Where WeChat's developer tools look for the build of a package.
    file: from('client/miniprogram_dist/index.js'),
    format: 'cjs',
    target: 'es2018',
    limit: 15.25 * 1024,
  },
  {
    // With everything of level 1: a client without it has level v6.
    name: 'mini-program outbox',
    entry: from('client/dist/outbox/mini-program.js'),
    file: from('client/miniprogram_dist/outbox.js'),
    format: 'cjs',
    target: 'es2018',
    limit: 10 * 1024,
  },
];

/** What `@imcore/react` adds to React, the client and its view. It has no single file. */
export const HOOKS = { name: 'react', limit: 1.5 * 1024 };

/** Members that only our own files name to each other: no application, platform or storage sees them. */
const INNER_NAMES = [
  'abandoned',
  'addServerTime',
  'answered',
  'asksForToken',
  'awaits',
  'changeUser',
  'clientTimeoutMs',
  'deadline',
  'expiresAt',
  'handled',
  'hasOutbox',
  'heartbeat',
  'isAcknowledged',
  'isHeld',
  'isOutboxOpen',
  'isPending',
  'isProbing',
  'isUsable',
  'keepAliveBounds',
  'keepAliveIntervalMs',
  'keepsMessages',
  'linkClosed',
  'linkDown',
  'linkOpened',
  'linkUp',
  'logins',
  'markSeen',
  'onKeepAliveResponse',
  'onKickOut',
  'onLinkLost',
  'onLoginResponse',
  'onPacket',
  'postpone',
  'postponement',
  'probeEndsAt',
  'rejection',
  'released',
  'reportError',
  'responseTimeoutMs',
  'restore',
  'resume',
  'retransmit',
  'session',
  'setIdentity',
  'settings',
  'streams',
  'succeeded',
  'tokenFailed',
  'tokenReady',
  'tokenSource',
  'tooLarge',
  'writtenAt',
];

/** Builds one of them. Returns its bytes; writes it where `isWritten`. */
export async function bundle({ entry, file, format, target }, isWritten) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    minify: true,
    format,
    target,
    // Of our packages nothing stays outside; a package of somebody else would have to.
    platform: 'neutral',
    mainFields: [],
    alias: { '@imcore/protocol': from('protocol/dist/index.js') },
    mangleProps: new RegExp(`^${PREFIX}|^(?:${INNER_NAMES.join('|')})$`),
    plugins: [leanModules()],
    banner: { js: '/*! @imcore/client, Apache-2.0 */' },
    write: false,
  });
  const [output] = outputFiles;
  if (isWritten) {
    const { mkdir, writeFile } = await import('node:fs/promises');
    const { dirname } = await import('node:path');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, output.contents);
  }
  return output.contents;
}

/** Bundles the hooks without the packages that they import. Returns the bytes. */
export async function bundleHooks() {
  const { outputFiles } = await build({
    entryPoints: [from('react/dist/index.js')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2021',
    packages: 'external',
    write: false,
  });
  return outputFiles[0].contents;
}
