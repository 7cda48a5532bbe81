import { PacketType } from '@imcore/protocol';
import { canonicalJson, isObject, type JsonObject, parseJson } from './json.js';

/** Something that happened, in a form to compare and a form to read. */
export interface Meaning {
  /** Equal if and only if two things mean the same. */
  readonly key: string;
  /** One line for people and for the patterns in the table of differences. */
  readonly shown: string;
}

/** Translates a time of the play into a time of the recording. */
type TimeTranslation = (time: number) => number;

const SERVER_TIME_FROM = 1_000_000_000_000;
const SHOWN_TEXT = 60;
const CONTROL_TYPES: readonly number[] = [
  PacketType.Login,
  PacketType.LoginResponse,
  PacketType.KeepAliveResponse,
  PacketType.ErrorResponse,
  PacketType.KickOut,
];
const FIELDS = ['bridge', 'type', 'dataContent', 'from', 'to', 'fp', 'QoS', 'typeu', 'sm'];

/**
 * The meaning of a packet: its fields with their types, whatever their order and escapes. The JSON inside control
 * packets and inside an error's text is parsed as well.
 */
export function packetMeaning(body: string, translate: TimeTranslation = (time) => time): Meaning {
  const parsed = parseJson(body);
  if (!isObject(parsed)) return { key: body, shown: `unreadable ${quote(body)}` };
  const packet = { ...parsed };
  if (CONTROL_TYPES.includes(Number(packet['type']))) packet['dataContent'] = readControl(packet, translate);
  if (typeof packet['sm'] === 'number' && packet['sm'] >= SERVER_TIME_FROM) packet['sm'] = 'a time';
  return { key: canonicalJson(packet), shown: showPacket(packet) };
}

function readControl(packet: JsonObject, translate: TimeTranslation): unknown {
  const text = packet['dataContent'];
  const content = typeof text === 'string' ? parseJson(text) : undefined;
  if (!isObject(content)) return text;
  const { firstLoginTime, errorMsg } = content;
  if (packet['type'] === PacketType.LoginResponse && typeof firstLoginTime === 'number')
    return { ...content, firstLoginTime: translate(firstLoginTime) };
  if (typeof errorMsg === 'string') return { ...content, errorMsg: parseJson(errorMsg) ?? errorMsg };
  return content;
}

function showPacket(packet: JsonObject): string {
  const { type, from, to, dataContent, fp, QoS, typeu, sm, bridge } = packet;
  const parts = [`${String(type)} ${showId(from)}>${showId(to)}`];
  if (dataContent !== undefined) parts.push(showContent(dataContent));
  if (fp !== undefined) parts.push(`fp=${String(fp)}`);
  if (QoS !== false) parts.push(QoS === true ? 'QoS' : `QoS=${String(QoS)}`);
  if (typeu !== -1) parts.push(`typeu=${String(typeu)}`);
  if (sm !== -1) parts.push(`sm=${String(sm)}`);
  if (bridge !== false) parts.push(bridge === true ? 'bridge' : `bridge=${String(bridge)}`);
  for (const name of Object.keys(packet)) if (!FIELDS.includes(name)) parts.push(`+${name}`);
  return parts.join(' ');
}

function showContent(content: unknown): string {
  return typeof content === 'string' ? quote(content) : shorten(JSON.stringify(content));
}

function showId(id: unknown): string {
  return id === undefined ? '' : String(id);
}

/** A text in quotes, shortened when it is long. */
export function quote(text: string): string {
  return shorten(JSON.stringify(text));
}

function shorten(text: string): string {
  return text.length <= SHOWN_TEXT ? text : `${text.slice(0, SHOWN_TEXT)}… (${text.length})`;
}
