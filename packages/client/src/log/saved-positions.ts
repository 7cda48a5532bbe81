import type { LogPosition } from '@imcore/protocol';
import type { Effect } from '../effects.js';

/** A packet that tells the server of a position: it must not be written before the position is stored. */
export interface PositionPacket {
  readonly kind: 'acknowledge' | 'sync';
  readonly position: number;
}

/** A position to store, and what to write then. */
interface Save {
  readonly position: LogPosition;
  packet: PositionPacket | undefined;
}

/**
 * Stores the position of a device, one call after the other, and writes what acknowledges it when it is stored. What comes
 * while the storage is busy is stored with one call.
 */
export class SavedPositions {
  readonly #effects: Effect[];
  readonly #write: (packet: PositionPacket) => void;
  #saved: LogPosition | undefined;
  #saving: Save | undefined;
  #next: Save | undefined;

  /** `saved`: what is stored. Appends `save-position` to `effects`; then {@link stored} must be called with its position. */
  constructor(saved: LogPosition | undefined, effects: Effect[], write: (packet: PositionPacket) => void) {
    this.#saved = saved;
    this.#effects = effects;
    this.#write = write;
  }

  /** What is stored; undefined before the first time. */
  get position(): LogPosition | undefined {
    return this.#saved;
  }

  /** Stores a position, which is not smaller than an earlier one of the same log, unless it is stored. */
  save(position: LogPosition): void {
    this.#next = { position, packet: this.#next?.packet };
    this.#start();
  }

  /** Writes a packet when everything that was to be stored is stored. */
  write(packet: PositionPacket): void {
    const last = this.#next ?? this.#saving;
    if (last === undefined) this.#write(packet);
    // A sync is an acknowledgement as well.
    else last.packet = last.packet?.kind === 'sync' ? { ...packet, kind: 'sync' } : packet;
  }

  /** A position was stored. Has no effect for one that was abandoned. */
  stored(position: LogPosition): void {
    if (this.#saving?.position !== position) return;
    const { packet } = this.#saving;
    this.#saving = undefined;
    this.#saved = position;
    if (packet !== undefined) this.#write(packet);
    this.#start();
  }

  /** Stores a position before the storage is closed, without waiting for earlier ones. Then nothing more may be stored. */
  saveLast(position: LogPosition): void {
    if (!isCovered(position, this.#saved)) this.#effects.push({ kind: 'save-position', position });
  }

  /** The link is lost: its packets are not written any more. */
  linkLost(): void {
    for (const save of [this.#saving, this.#next]) if (save !== undefined) save.packet = undefined;
  }

  #start(): void {
    const next = this.#next;
    if (next === undefined || this.#saving !== undefined) return;
    this.#next = undefined;
    if (isCovered(next.position, this.#saved)) {
      if (next.packet !== undefined) this.#write(next.packet);
      return;
    }
    this.#saving = next;
    this.#effects.push({ kind: 'save-position', position: next.position });
  }
}

function isCovered({ epoch, position }: LogPosition, saved: LogPosition | undefined): boolean {
  return saved?.epoch === epoch && saved.position >= position;
}
