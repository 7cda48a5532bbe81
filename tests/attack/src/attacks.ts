import type { Attack } from './attack.js';
import { madeUpReceivers, madeUpReceiversOnDisk, slowReaders } from './flood.js';
import { forgedProxies } from './forged-proxies.js';
import { forgedUdp } from './forged-udp.js';
import { lockedFiles } from './locked-files.js';
import { mutatedFrames } from './mutated-frames.js';
import { notLoggedIn } from './not-logged-in.js';
import { oddWebSocketFrames } from './odd-websocket-frames.js';
import { pauses } from './pauses.js';
import { reconnectStorm } from './reconnect-storm.js';
import { silentStore } from './silent-store.js';
import { unfinishedHandshakes } from './unfinished-handshakes.js';

/** The attacks by name, in the order in which `all` runs them. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  'forged-udp': forgedUdp,
  'not-logged-in': notLoggedIn,
  'unfinished-handshakes': unfinishedHandshakes,
  'odd-websocket-frames': oddWebSocketFrames,
  'forged-proxies': forgedProxies,
  pauses,
  'reconnect-storm': reconnectStorm,
  'locked-files': lockedFiles,
  'silent-store': silentStore,
  'made-up-receivers': madeUpReceivers,
  'made-up-receivers-on-disk': madeUpReceiversOnDisk,
  'slow-readers': slowReaders,
  'mutated-frames': mutatedFrames,
};
