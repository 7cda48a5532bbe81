import { isObject, type JsonObject, parseJson } from '../../../src/conformance/json.js';

const LONG_BYTES = 1000;

/** A packet of the server in a few words, without the usual values. */
export function describeAnswer(packet: JsonObject): string {
  const { type, dataContent, to, bytes } = packet;
  const content = typeof dataContent === 'string' ? parseJson(dataContent) : undefined;
  const control = isObject(content) ? content : {};
  if (typeof bytes === 'number' && bytes > LONG_BYTES) return `${String(type)} of ${bytes} bytes`;
  switch (type) {
    case 50:
      return `50 code ${String(control['code'])}${to === '-1' ? '' : ` to ${String(to)}`}`;
    case 51:
      return '51';
    case 52:
      return `52 error ${String(control['errorCode'])}${describeText(control['errorMsg'])}`;
    case 54:
      return `54 code ${String(control['code'])}`;
    default:
      return describeOther(packet);
  }
}

function describeText(text: unknown): string {
  return typeof text === 'string' && isObject(parseJson(text)) ? ' with the packet' : '';
}

function describeOther({ type, from, to, dataContent, fp, QoS, typeu, sm, bridge }: JsonObject): string {
  const parts = [`${String(type)} ${String(from ?? '')}>${String(to ?? '')}`];
  if (dataContent !== undefined) parts.push(JSON.stringify(dataContent));
  if (fp !== undefined) parts.push(`fp=${String(fp)}`);
  if (QoS === true) parts.push('QoS');
  if (typeu !== 0 && typeu !== -1) parts.push(`typeu=${String(typeu)}`);
  if (sm !== 0 && sm !== -1) parts.push(`sm=${String(sm)}`);
  if (bridge === true) parts.push('bridge');
  return parts.join(' ');
}

/** The outcome of an experiment with the original server in the same format; `undefined` for other formats. */
export function describeObserved(observed: JsonObject): string | undefined {
  const { answers, frames, connection, stillAnswersKeepalive, closeCode, closeReason, ...rest } = observed;
  const seen = answers ?? frames;
  const others = Object.keys(rest).filter((name) => name !== 'server' && name !== 'keepaliveAnswer');
  if (!Array.isArray(seen) || others.length > 0) return undefined;
  const came = seen.map((text) => describeRecorded(String(text))).join(', ') || 'nothing';
  if (connection === undefined) {
    if (stillAnswersKeepalive === undefined) return came;
    return `${came}; ${stillAnswersKeepalive === true ? 'session stays' : 'session ends'}`;
  }
  const code = typeof closeCode === 'number' ? ` (${closeCode} ${String(closeReason ?? '')}`.trimEnd() : '';
  return `${came}; ${connection === 'open' ? 'stays open' : `closed${code === '' ? '' : `${code})`}`}`;
}

function describeRecorded(text: string): string {
  const counted = /^(\d+) chars$/.exec(text);
  if (counted !== null) return `53 of ${counted[1]} bytes`;
  const packet = parseJson(text);
  return isObject(packet)
    ? describeAnswer({ ...packet, bytes: text.length }).replace(/\bu\d+\b/g, 'me')
    : text;
}
