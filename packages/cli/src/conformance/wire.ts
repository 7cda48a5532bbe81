/** A packet as it is on the wire. Everything but the type may be absent, and of another JSON type than it should be. */
export interface WirePacket {
  readonly type: number;
  readonly bridge?: unknown;
  readonly dataContent?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly fp?: unknown;
  readonly QoS?: unknown;
  readonly typeu?: unknown;
  readonly sm?: unknown;
  readonly x?: unknown;
}

/** A received frame body: its text, and the packet in it. */
export interface Frame {
  readonly body: string;
  readonly packet: WirePacket;
}

/** What a client writes: the fields that are not given are those of a packet without QoS to the server. */
export type Outgoing = Partial<WirePacket> & { readonly type: number };

/** The fields of a v6 packet, in the order in which writers emit them. */
export const V6_FIELDS = ['bridge', 'type', 'dataContent', 'from', 'to', 'fp', 'QoS', 'typeu', 'sm'];

/** The fields of a v6 packet that are always written. */
export const REQUIRED_FIELDS = ['bridge', 'type', 'from', 'to', 'QoS', 'typeu', 'sm'];

/** First type of the extension: v6 has none from here on. */
export const FIRST_NEW_TYPE = 1000;

const MAX_SHOWN_FRAMES = 3;
const MAX_SHOWN_LENGTH = 240;

/** Writes a packet: the fields of v6 in their order, then `x`. */
export function encode({
  type,
  bridge = false,
  dataContent,
  from,
  to = '0',
  fp,
  QoS,
  ...rest
}: Outgoing): string {
  const { typeu = -1, sm = -1, x } = rest;
  return JSON.stringify({ bridge, type, dataContent, from, to, fp, QoS: QoS ?? false, typeu, sm, x });
}

/** Reads a frame. What is no JSON object with a numeric type has type -1. */
export function readFrame(body: string): Frame {
  const value = parsed(body);
  const type = isRecord(value) && typeof value['type'] === 'number' ? value['type'] : -1;
  return { body, packet: { ...(isRecord(value) ? value : {}), type } };
}

/** The members of a JSON object; none if the value is anything else. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** The members of the JSON object in a text; none if it is anything else. */
export function contentOf(packet: WirePacket): Readonly<Record<string, unknown>> {
  return typeof packet.dataContent === 'string' ? membersOf(parsed(packet.dataContent)) : {};
}

/** A member that must be a number; NaN if it is not. */
export function numberIn(members: Readonly<Record<string, unknown>>, name: string): number {
  const value = members[name];
  return typeof value === 'number' ? value : Number.NaN;
}

/** The last frames, for people. */
export function describeFrames(frames: readonly Frame[]): string {
  if (frames.length === 0) return 'no packet';
  const shown = frames.slice(-MAX_SHOWN_FRAMES).map(({ body }) => shortened(body));
  return `${frames.length > shown.length ? `${frames.length} packets, at last ` : ''}${shown.join(' ')}`;
}

function shortened(text: string): string {
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
