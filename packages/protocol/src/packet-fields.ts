import { toBoolean, toInteger, toObject, toText, toWhole } from './coerce.js';
import { ProtocolError } from './errors.js';
import { MAX_ID_LENGTH, type Packet } from './packet.js';

const INT32_MIN = -0x80000000;
const INT32_MAX = 0x7fffffff;

const TEXT_FIELDS = ['dataContent', 'from', 'to', 'fp'];

/** Decodes the fields of a packet, without checking its ids. @throws ProtocolError */
export function readFields(text: string): Packet {
  const fields = toObject(text, 'a packet', TEXT_FIELDS);
  return {
    type: toInteger('type', fields['type'], 0, INT32_MIN, INT32_MAX),
    dataContent: toText('dataContent', fields['dataContent']),
    from: toText('from', fields['from']),
    to: toText('to', fields['to']),
    fp: toText('fp', fields['fp']),
    QoS: toBoolean('QoS', fields['QoS']),
    typeu: toInteger('typeu', fields['typeu'], 0, INT32_MIN, INT32_MAX),
    bridge: toBoolean('bridge', fields['bridge']),
    sm: toWhole('sm', fields['sm']),
    x: fields['x'],
  };
}

/** Returns `value`. @throws ProtocolError `ERR_INVALID_FIELD` if it is longer than {@link MAX_ID_LENGTH}. */
export function checkId(field: string, value: string | undefined): string | undefined {
  if (value === undefined || value.length <= MAX_ID_LENGTH) return value;
  throw new ProtocolError(
    'ERR_INVALID_FIELD',
    `field ${field} has ${value.length} characters, the limit is ${MAX_ID_LENGTH}`,
  );
}

export function emptyFrame(): ProtocolError {
  return new ProtocolError('ERR_EMPTY_FRAME', 'a frame has no body');
}
