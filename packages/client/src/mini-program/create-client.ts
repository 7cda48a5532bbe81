import type { ImClient } from '../client.js';
import { assembleClient } from '../create-client.js';
import type { ClientSettings } from '../options.js';
import { programSignals } from './program-signals.js';
import { type MiniProgramSocketOptions, miniProgramSocket } from './socket-transport.js';

/** Options of `createClient` in a mini-program. */
export type MiniProgramClientOptions = ClientSettings & MiniProgramSocketOptions;

/**
 * Creates a client in a mini-program: WeChat (`wx`), Alipay (`my`), Douyin (`tt`), or any platform that uni-app (`uni`)
 * supports. It does not connect until `login` is called. A program may have several clients.
 *
 * Reconnects at once when the network is back or the program returns to the foreground; the option `signals` overrides
 * the source of these signals.
 *
 * @throws UsageError `ERR_INVALID_OPTION`; the message names the option.
 */
export function createClient(options: MiniProgramClientOptions): ImClient {
  const { platform, url, header, maxSendBytes, ...settings } = options;
  const transport = miniProgramSocket({ platform, url, header, maxSendBytes });
  const signals = settings.signals ?? programSignals(platform);
  return assembleClient({ ...settings, transport, signals }, () => transport);
}
