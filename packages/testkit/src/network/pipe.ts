import type { BinaryString, Clock, Instant, Scheduled } from '@imcore/protocol';
import type { SeededRandom } from '../seeded-random.js';
import type { Direction } from './link-conditions.js';
import type { Passage } from './passage.js';

/** What a stream transports: its opening, bytes, its end, or its reset. */
export type SegmentKind = 'open' | 'data' | 'end' | 'reset';

interface Segment {
  readonly kind: SegmentKind;
  bytes: BinaryString;
  readonly putAt: Instant;
  arrivesAt: Instant;
}

/**
 * One direction of a stream: delivers segments whole and in order, after a latency.
 *
 * A partition delays them, as TCP retransmits until it succeeds. After {@link vanish} everything is lost.
 */
export class Pipe {
  readonly #direction: Direction;
  readonly #passage: Passage;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #deliver: (kind: SegmentKind, bytes: BinaryString) => void;
  readonly #segments: Segment[] = [];
  #arrival: Scheduled | undefined;
  #isVanished = false;

  constructor(
    direction: Direction,
    passage: Passage,
    clock: Clock,
    random: SeededRandom,
    deliver: (kind: SegmentKind, bytes: BinaryString) => void,
  ) {
    this.#direction = direction;
    this.#passage = passage;
    this.#clock = clock;
    this.#random = random;
    this.#deliver = deliver;
  }

  /** A reset cancels an opening that has not arrived: the server never sees it. */
  put(kind: SegmentKind, bytes: BinaryString = ''): void {
    if (this.#isVanished) return;
    if (kind === 'reset' && this.#segments[0]?.kind === 'open') {
      this.vanish();
      return;
    }
    const now = this.#clock.now();
    const last = this.#segments.at(-1);
    if (kind === 'data' && last?.kind === 'data' && last.putAt === now) {
      last.bytes += bytes;
      return;
    }
    if (kind === 'data' && bytes.length > 1 && this.#random.chance(this.#passage.conditions.splitting)) {
      const cut = this.#random.int(1, bytes.length - 1);
      this.#append({ kind, bytes: bytes.slice(0, cut), putAt: Number.NaN, arrivesAt: now + this.#latency() });
      this.#append({ kind, bytes: bytes.slice(cut), putAt: Number.NaN, arrivesAt: now + this.#latency() });
      return;
    }
    this.#append({ kind, bytes, putAt: now, arrivesAt: now + this.#latency() });
  }

  /** Ends a partition: what was delayed arrives one latency from now at the earliest. */
  heal(): void {
    const first = this.#segments[0];
    if (first === undefined || this.#arrival !== undefined) return;
    first.arrivesAt = Math.max(first.arrivesAt, this.#clock.now() + this.#latency());
    this.#arm(first.arrivesAt);
  }

  /** Loses all segments in transit, and all later ones. */
  vanish(): void {
    this.#isVanished = true;
    this.#segments.length = 0;
    this.#arrival?.cancel();
    this.#arrival = undefined;
  }

  #append(segment: Segment): void {
    const last = this.#segments.at(-1);
    if (last !== undefined) segment.arrivesAt = Math.max(segment.arrivesAt, last.arrivesAt);
    this.#segments.push(segment);
    if (this.#segments.length === 1) this.#arm(segment.arrivesAt);
  }

  #arm(at: Instant): void {
    this.#arrival = this.#clock.schedule(at, () => this.#arrive());
  }

  #arrive(): void {
    this.#arrival = undefined;
    if (this.#passage.isBlocked(this.#direction)) return;
    const segment = this.#segments.shift();
    const next = this.#segments[0];
    if (next !== undefined) {
      next.arrivesAt = Math.max(next.arrivesAt, this.#clock.now());
      this.#arm(next.arrivesAt);
    }
    if (segment !== undefined) this.#deliver(segment.kind, segment.bytes);
  }

  #latency(): number {
    const { latencyMs, loss, repeatMs } = this.#passage.conditions;
    const latency = this.#random.between(latencyMs[0], latencyMs[1]);
    return loss > 0 && this.#random.chance(loss) ? latency + repeatMs : latency;
  }
}
