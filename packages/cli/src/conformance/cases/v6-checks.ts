import { PacketType } from '@imcore/protocol';
import { expectThat } from '../outcome.js';
import type { Peer } from '../peer.js';
import type { Session } from '../session.js';
import {
  contentOf,
  describeFrames,
  FIRST_NEW_TYPE,
  type Frame,
  REQUIRED_FIELDS,
  V6_FIELDS,
} from '../wire.js';

/** Waits for a kick-out with code 1. @throws Unmet */
export async function kickedOut({ peer }: Session): Promise<void> {
  await peer.untilFrame(
    'a kick-out (type 54) with code 1',
    ({ packet }) => packet.type === PacketType.KickOut && contentOf(packet)['code'] === 1,
  );
}

/** @throws Unmet if the session got a kick-out */
export function notKickedOut({ peer }: Session): void {
  const kicks = peer.ofType(PacketType.KickOut);
  expectThat(kicks.length === 0, 'no kick-out (type 54)', () => describeFrames(kicks));
}

/** Waits for error 301. @throws Unmet */
export async function notLoggedIn(peer: Peer): Promise<void> {
  await peer.untilFrame(
    'an error response (type 52) with code 301',
    ({ packet }) => packet.type === PacketType.ErrorResponse && contentOf(packet)['errorCode'] === 301,
  );
}

/** @throws Unmet if a frame is not one of v6: the fields of v6 in their order, the required ones, and nothing of the extension */
export function onlyV6(frames: readonly Frame[]): void {
  for (const frame of frames) {
    const defect = defectOf(frame);
    expectThat(defect === undefined, defect ?? '', () => describeFrames([frame]));
  }
}

/** What a frame should be and is not. */
function defectOf({ packet, body }: Frame): string | undefined {
  const { type, ...rest } = packet;
  if (type < 0) return 'a JSON object with a type';
  if (type >= FIRST_NEW_TYPE) return `only types of v6, below ${FIRST_NEW_TYPE}`;
  if ('x' in rest) return 'no member x';
  const names = Object.keys(JSON.parse(body) as object);
  const missing = REQUIRED_FIELDS.find((name) => !names.includes(name));
  if (missing !== undefined) return `the field ${missing}, which writers always emit`;
  const inOrder = V6_FIELDS.filter((name) => names.includes(name));
  if (inOrder.join() !== names.join()) return `the fields ${inOrder.join(', ')} in this order, and no others`;
  const content = Object.keys(contentOf(packet)).join();
  if (type === PacketType.LoginResponse && content !== 'code,firstLoginTime')
    return 'a login response with the members code and firstLoginTime';
  if (type === PacketType.KeepAliveResponse && packet.dataContent !== '{}')
    return 'a keep-alive response with the content {}';
  return undefined;
}
