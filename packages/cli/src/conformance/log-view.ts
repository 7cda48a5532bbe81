import { ExtensionType, PacketType } from '@imcore/protocol';
import { type Frame, membersOf, numberIn, type WirePacket } from './wire.js';

/** Longest skip that is noted: a server with an error must not fill the memory. */
const MAX_SKIPPED = 100_000;

/** An entry of a log, as a session has received it. */
export interface Entry {
  readonly position: number;
  readonly messageId: number;
  readonly content: string;
  readonly fingerprint: string;
  readonly packet: WirePacket;
}

/** What a session has received of its user's log. */
export class LogView {
  /** All entries in the order of their arrival, also those that came again. */
  readonly arrived: Entry[] = [];
  readonly #known = new Set<number>();
  #covered: number;

  constructor(start: number) {
    this.#covered = start;
  }

  /** The end of what the session knows without a gap: from entries, skips and `stored`. */
  get covered(): number {
    return this.#covered;
  }

  /** The entries by position; of those with the same position the first one. */
  get entries(): Entry[] {
    const byPosition = new Map<number, Entry>();
    for (const entry of this.arrived)
      if (!byPosition.has(entry.position)) byPosition.set(entry.position, entry);
    return [...byPosition.values()].sort((one, other) => one.position - other.position);
  }

  /** Whether the session knows what is at a position. */
  knows(position: number): boolean {
    return position <= this.#covered || this.#known.has(position);
  }

  add({ packet }: Frame): void {
    const x = membersOf(packet.x);
    switch (packet.type) {
      case PacketType.Data:
        if (!Number.isSafeInteger(x['s'])) return;
        this.arrived.push(entryOf(packet));
        this.#know(numberIn(x, 's'));
        break;
      case ExtensionType.Stored:
        this.#know(numberIn(x, 's'));
        break;
      case ExtensionType.Skip:
        this.#skip(numberIn(x, 'from'), numberIn(x, 'to'));
        break;
      default:
    }
    while (this.#known.delete(this.#covered + 1)) this.#covered += 1;
  }

  #know(position: number): void {
    if (position > this.#covered) this.#known.add(position);
  }

  #skip(from: number, to: number): void {
    if (!(to - from < MAX_SKIPPED)) return;
    for (let position = from; position <= to; position += 1) this.#know(position);
  }
}

function entryOf(packet: WirePacket): Entry {
  const x = membersOf(packet.x);
  return {
    position: numberIn(x, 's'),
    messageId: numberIn(x, 'i'),
    content: String(packet.dataContent),
    fingerprint: String(packet.fp),
    packet,
  };
}
