import { PacketType, SERVER_ID } from '@imcore/protocol';
import { isObject, type JsonObject, parseJson } from './json.js';
import { isFrame, packetOf, type Recording } from './recording.js';

/** An action of the server's application or operator, at an instant of the recording. */
export type ServerAct = { readonly atMs: number } & (
  | {
      readonly kind: 'send';
      readonly to: string;
      readonly content: string;
      readonly type: number;
      readonly qos: boolean;
      readonly fingerprint: string | undefined;
    }
  | {
      readonly kind: 'kick';
      readonly user: string;
      readonly code: number;
      readonly reason: string | undefined;
    }
  /** The other system sends a message. */
  | { readonly kind: 'bridge'; readonly payload: string }
  /** The server's process is killed, or started again on the same ports. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'start' }
);

/**
 * When the server was down, by conversation, in milliseconds since its beginning. The recordings do not contain it.
 */
const OUTAGES: Readonly<Record<string, { readonly fromMs: number; readonly toMs: number }>> = {
  'tcp-relogin-after-restart': { fromMs: 1038, toMs: 7000 },
  'udp-relogin-after-long-outage': { fromMs: 1000, toMs: 16_000 },
  'udp-relogin-after-quick-restart': { fromMs: 3000, toMs: 3000 },
};

/** The actions of the server's side, in order, derived from the callbacks and the frames that followed. */
export function actsOf(recording: Recording): ServerAct[] {
  const acts: ServerAct[] = [];
  for (const { atMs, callback } of recording.callbacks) {
    if (callback.ev === 's2c-sent') acts.push(toSend(recording, atMs, callback));
    if (callback.ev === 'kick-sent') acts.push(toKick(recording, atMs, callback));
  }
  for (const { atMs, queue, payload } of recording.queue)
    if (queue === 'q_web2app') acts.push({ kind: 'bridge', atMs, payload });
  const outage = OUTAGES[recording.name];
  if (outage !== undefined)
    acts.push({ kind: 'stop', atMs: outage.fromMs }, { kind: 'start', atMs: outage.toMs });
  return acts.sort((a, b) => a.atMs - b.atMs);
}

function toSend(recording: Recording, atMs: number, callback: JsonObject): ServerAct {
  const { to, fp } = callback;
  const isIt = (packet: JsonObject) =>
    packet['type'] === PacketType.Data &&
    packet['from'] === SERVER_ID &&
    packet['to'] === to &&
    packet['fp'] === fp;
  const written = findOnWire(recording, isIt) ?? findInQueue(recording, isIt);
  if (written === undefined) throw new TypeError(`no frame shows what was sent to ${String(to)}`);
  const { packet } = written;
  return {
    kind: 'send',
    atMs: Math.min(atMs, written.atMs),
    to: String(to),
    content: String(packet['dataContent']),
    type: Number(packet['typeu']),
    qos: packet['QoS'] === true,
    fingerprint: typeof fp === 'string' ? fp : undefined,
  };
}

function toKick(recording: Recording, atMs: number, callback: JsonObject): ServerAct {
  const user = String(callback['user']);
  const written = findOnWire(recording, ({ type, to }) => type === PacketType.KickOut && to === user);
  const content = parseJson(String(written?.packet['dataContent']));
  if (written === undefined || !isObject(content))
    throw new TypeError(`no frame shows how ${user} was kicked out`);
  const { code, reason } = content;
  return {
    kind: 'kick',
    atMs: Math.min(atMs, written.atMs),
    user,
    code: Number(code),
    reason: typeof reason === 'string' ? reason : undefined,
  };
}

interface Written {
  readonly atMs: number;
  readonly packet: JsonObject;
}

function findOnWire(recording: Recording, isIt: (packet: JsonObject) => boolean): Written | undefined {
  for (const entry of recording.entries) {
    if (!isFrame(entry, 'server')) continue;
    const packet = packetOf(entry.body);
    if (isIt(packet)) return { atMs: entry.atMs, packet };
  }
  return undefined;
}

function findInQueue(recording: Recording, isIt: (packet: JsonObject) => boolean): Written | undefined {
  for (const { atMs, queue, payload } of recording.queue) {
    const packet = packetOf(payload);
    if (queue === 'q_app2web' && isIt(packet)) return { atMs, packet };
  }
  return undefined;
}
