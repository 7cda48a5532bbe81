import { UsageError } from '../errors.js';
import { type OptionNames, rejectUnknown, requireInteger } from '../options-check.js';
import type { Link, LinkHandler, Transport } from '../transport.js';
import { DEFAULT_MAX_WEBSOCKET_BYTES, requireWebSocketUrl } from '../websocket-transport.js';
import { globalSocketTask } from './global-socket.js';
import type { MiniProgramPlatform, SocketTask } from './platform-api.js';
import { SocketLink } from './socket-link.js';

/** Options of the mini-program transport. */
export interface MiniProgramSocketOptions {
  /** The platform's object: `wx`, `uni`, `my` or `tt`. */
  readonly platform: MiniProgramPlatform;
  /** `wss://…`; the host must be in the program's list of allowed domains. */
  readonly url: string;
  /** Headers of the handshake. The platforms set `Referer` themselves. */
  readonly header?: Readonly<Record<string, string>> | undefined;
  /** Maximum size of a sent packet, in UTF-8 bytes. Default 65 536, the maximum of an original server. */
  readonly maxSendBytes?: number | undefined;
}

const OPTIONS: OptionNames<MiniProgramSocketOptions> = {
  platform: true,
  url: true,
  header: true,
  maxSendBytes: true,
};

/**
 * Creates a transport over the sockets of a mini-program. Each link is a `SocketTask`, so a program may have several
 * clients, as many as the platform allows sockets: five on WeChat and Alipay. Further links fail with
 * `ERR_TOO_MANY_SOCKETS`. A platform without `SocketTask` supports one client.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function miniProgramSocket(options: MiniProgramSocketOptions): Transport {
  rejectUnknown(options, OPTIONS);
  const url = requireWebSocketUrl(options.url);
  const { platform, header } = options;
  if (typeof platform?.connectSocket !== 'function') {
    throw new UsageError(
      'ERR_INVALID_OPTION',
      'option platform must be wx, uni, my or tt, an object with connectSocket',
    );
  }
  return {
    kind: 'websocket',
    maxReceiveBytes: DEFAULT_MAX_WEBSOCKET_BYTES,
    maxSendBytes: requireInteger(
      'maxSendBytes',
      options.maxSendBytes,
      DEFAULT_MAX_WEBSOCKET_BYTES,
      1,
      0x7fffffff,
    ),
    connect: (handler) => openLink(platform, url, header, handler),
  };
}

/** Opens a link. uni-app returns a task only if a callback is given. */
function openLink(
  platform: MiniProgramPlatform,
  url: string,
  header: Readonly<Record<string, string>> | undefined,
  handler: LinkHandler,
): Link {
  const link = new SocketLink(handler);
  const task = platform.connectSocket({
    url,
    ...(header !== undefined && { header }),
    multiple: true,
    success: () => link.accepted(),
    fail: (failure) => link.rejected(failure),
  });
  if (isTask(task)) {
    link.attach(task, () => {});
    return link;
  }
  const shared = globalSocketTask(platform);
  if (shared !== undefined) link.attach(shared, () => shared.release());
  return link;
}

function isTask(value: unknown): value is SocketTask {
  return (
    typeof value === 'object' && value !== null && 'onOpen' in value && typeof value.onOpen === 'function'
  );
}
