import type { ImClient } from '../client.js';
import { assembleClient } from '../create-client.js';
import type { ClientSettings } from '../options.js';
import { programSignals } from './program-signals.js';
import { type MiniProgramSocketOptions, miniProgramSocket } from './socket-transport.js';

/** What `createClient` takes in a mini-program: its socket, and how the client behaves. */
export type MiniProgramClientOptions = ClientSettings & MiniProgramSocketOptions;

/**
 * Creates a client in a mini-program: WeChat (`wx`), Alipay (`my`), Douyin (`tt`), or any platform that uni-app (`uni`)
 * covers. Nothing happens until its `login`. All state is the client's: a program may have several.
 *
 * Tries again at once when there is a network again or the program is in front again; `signals` takes that place.
 *
 * @throws UsageError `ERR_INVALID_OPTION`, naming the option.
 */
export function createClient(options: MiniProgramClientOptions): ImClient {
  const { platform, url, header, maxSendBytes, ...settings } = options;
  const transport = miniProgramSocket({ platform, url, header, maxSendBytes });
  const signals = settings.signals ?? programSignals(platform);
  return assembleClient({ ...settings, transport, signals }, () => transport);
}
