/** What a process did to a file or to the folder, as recorded by `recorder/disk-recorder.c`. */
export type DiskEvent = { readonly instant: Nanoseconds } & (
  | { readonly kind: 'opened'; readonly file: number; readonly name: string; readonly isNew: boolean }
  | { readonly kind: 'written'; readonly file: number; readonly at: number; readonly data: Buffer }
  | { readonly kind: 'truncated'; readonly file: number; readonly size: number }
  | { readonly kind: 'sync-begun' | 'sync-ended'; readonly file: number; readonly sync: number }
  | { readonly kind: 'unlinked'; readonly name: string }
  | { readonly kind: 'renamed'; readonly from: string; readonly to: string }
);

/** An instant of the machine's monotonic clock, the same in all processes: what `process.hrtime` reads. */
export type Nanoseconds = number;

export function nowNanoseconds(): Nanoseconds {
  return Number(process.hrtime.bigint());
}

const HEADER_BYTES = 32;

/**
 * Reads a recording, oldest first. An incomplete event at the end, of a killed process, is left out.
 *
 * @throws Error when the process did something that the recorder cannot record.
 */
export function readRecording(bytes: Buffer): readonly DiskEvent[] {
  const events: DiskEvent[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const end = at + HEADER_BYTES + bytes.readUInt32LE(at + 4);
    if (end > bytes.length) break;
    events.push(toEvent(bytes.subarray(at, at + HEADER_BYTES), bytes.subarray(at + HEADER_BYTES, end)));
    at = end;
  }
  return events;
}

function toEvent(header: Buffer, data: Buffer): DiskEvent {
  const instant = Number(header.readBigUInt64LE(8));
  const file = Number(header.readBigUInt64LE(16));
  const value = Number(header.readBigInt64LE(24));
  switch (header.readUInt32LE(0)) {
    case 1:
      return { instant, kind: 'opened', file, name: data.toString(), isNew: value === 1 };
    case 2:
      return { instant, kind: 'written', file, at: value, data };
    case 3:
      return { instant, kind: 'truncated', file, size: value };
    case 4:
      return { instant, kind: 'sync-begun', file, sync: value };
    case 5:
      return { instant, kind: 'sync-ended', file, sync: value };
    case 6:
      return { instant, kind: 'unlinked', name: data.toString() };
    case 7: {
      const [from = '', to = ''] = data.toString().split('\0');
      return { instant, kind: 'renamed', from, to };
    }
    default:
      throw new Error(`the recorder does not support what the process did: ${data.toString()}`);
  }
}
