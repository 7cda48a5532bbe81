import type { BinaryString } from './binary-string.js';
import { MAX_ID_LENGTH, PacketType, UNSET_NUMBER } from './packet.js';
import { ReceivedPacket } from './received-packet.js';

/** The beginnings of the two kinds of packet that nearly all traffic is made of; equally long. */
const DATA_HEAD = '{"bridge":false,"type":2,"dataContent":"';
const ACKNOWLEDGEMENT_HEAD = '{"bridge":false,"type":4,"dataContent":"';
const CONTENT_START = DATA_HEAD.length;
const FROM = '","from":"';
const TO = '","to":"';
const FP = '","fp":"';
const QOS = '","QoS":true,"typeu":';
const NO_QOS = '","QoS":false,"typeu":';
const UNSET_TAIL = '-1,"sm":-1}';

const INT32_MIN = -0x80000000;
const INT32_MAX = 0x7fffffff;

/**
 * Reads a frame body that is written just as this protocol's own encoder writes data and acknowledgements, which is
 * most of what peers send: a fraction of what parsing the JSON and comparing it with its canonical writing costs.
 *
 * Takes nothing that it has not checked character by character. Returns undefined, for the full reader to decide,
 * for whatever is not plain: escapes, ids beyond ASCII, other fields or another order.
 */
export function readCanonical(body: BinaryString): ReceivedPacket | undefined {
  const isData = body.startsWith(DATA_HEAD);
  if (!isData && !body.startsWith(ACKNOWLEDGEMENT_HEAD)) return undefined;
  const contentEnd = endOfContent(body, CONTENT_START);
  if (contentEnd < 0 || !body.startsWith(FROM, contentEnd)) return undefined;
  const fromStart = contentEnd + FROM.length;
  const fromEnd = endOfId(body, fromStart);
  if (fromEnd < 0 || !body.startsWith(TO, fromEnd)) return undefined;
  const toStart = fromEnd + TO.length;
  const toEnd = endOfId(body, toStart);
  if (toEnd < 0) return undefined;
  const hasFingerprint = body.startsWith(FP, toEnd);
  const fpStart = toEnd + FP.length;
  const idsEnd = hasFingerprint ? endOfId(body, fpStart) : toEnd;
  if (idsEnd < 0) return undefined;
  const isQos = body.startsWith(QOS, idsEnd);
  if (!isQos && !body.startsWith(NO_QOS, idsEnd)) return undefined;
  const typeuStart = idsEnd + (isQos ? QOS.length : NO_QOS.length);
  let typeu: number | undefined = UNSET_NUMBER;
  let sm: number | undefined = UNSET_NUMBER;
  if (body.length !== typeuStart + UNSET_TAIL.length || !body.startsWith(UNSET_TAIL, typeuStart)) {
    const typeuEnd = body.indexOf(',"sm":', typeuStart);
    if (typeuEnd < 0 || !body.endsWith('}')) return undefined;
    typeu = wholeNumber(body.slice(typeuStart, typeuEnd), INT32_MIN, INT32_MAX);
    sm = wholeNumber(body.slice(typeuEnd + 6, -1), Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    if (typeu === undefined || sm === undefined) return undefined;
  }
  return new ReceivedPacket(
    isData ? PacketType.Data : PacketType.Acknowledgement,
    body.slice(CONTENT_START, contentEnd),
    true,
    body.slice(fromStart, fromEnd),
    body.slice(toStart, toEnd),
    hasFingerprint ? body.slice(fpStart, idsEnd) : undefined,
    isQos,
    typeu,
    false,
    sm,
    body,
  );
}

/** Index of the quote behind a content without escapes; -1 where there is none, or a character that JSON forbids. */
function endOfContent(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH || code < FIRST_PRINTABLE) return -1;
  }
  return -1;
}

/** The same for an id, which must be ASCII and no longer than allowed. */
function endOfId(text: string, start: number): number {
  const limit = Math.min(text.length, start + MAX_ID_LENGTH + 1);
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH || code < FIRST_PRINTABLE || code > LAST_ASCII) return -1;
  }
  return -1;
}

/** A number in its only canonical writing; undefined where it is not. */
function wholeNumber(digits: string, min: number, max: number): number | undefined {
  const number = Number(digits);
  const isCanonical = Number.isInteger(number) && String(number) === digits;
  return isCanonical && number >= min && number <= max ? number : undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LAST_ASCII = 0x7f;
