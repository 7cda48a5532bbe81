import { decodeFrameBody, PacketType } from '@imcore/protocol';
import type { ServerTransport } from '@imcore/server/ports';
import { wrapServerTransport } from '../wrapped-server-transport.js';

/** A member `x` of a frame or of a login response, or a type from 1000 on. */
const OF_EXTENSION = /"x":|\\"x\\":|"type":\d{4,},/;

/** The position of the newest entry, in a login response. */
const LAST_OF_ANSWER = /"type":50,.*\\"last\\":(\d+)/;

const SYNC = 1001;
const STORED = 1100;
const SKIP = 1101;

/** Waits after which a feed writes own messages after all, because nothing was acknowledged, in milliseconds. */
const RETRY_MS = { udp: 1000, tcp: 5000, websocket: 5000 } as const;

/**
 * Checks what the server writes to each connection: nothing of the extension to one whose login has not offered it, and to a
 * negotiated one no entry of a message that it was told to be stored, unless the feed has gone back.
 *
 * @param findsEchoes false if the store is slow or fails: then feeds find messages in the log before they know of them
 */
export function watchWire(
  transport: ServerTransport,
  now: () => number,
  findsEchoes: boolean,
  onBreach: (text: string) => void,
): ServerTransport {
  const retryMs = RETRY_MS[transport.transport as keyof typeof RETRY_MS];
  return wrapServerTransport(transport, () => {
    const conversation = new ConnectionWatch(findsEchoes ? retryMs : 0, now, onBreach);
    return {
      receive: (body, pass) => {
        conversation.received(body);
        pass(body);
      },
      send: (body, pass) => {
        conversation.written(body);
        return pass(body);
      },
    };
  });
}

class ConnectionWatch {
  readonly #retryMs: number;
  readonly #now: () => number;
  readonly #onBreach: (text: string) => void;
  #hasOffered = false;
  /** When the session was first told that its messages are stored, by position. */
  readonly #told = new Map<number, number>();
  readonly #written = new Set<number>();
  #highest = 0;
  /** Entries up to here may be written again: the feed has gone back. */
  #backFrom = 0;

  constructor(retryMs: number, now: () => number, onBreach: (text: string) => void) {
    this.#retryMs = retryMs;
    this.#now = now;
    this.#onBreach = onBreach;
  }

  received(body: string): void {
    if (body.includes('"type":0,') && body.includes('\\"caps\\":')) this.#hasOffered = true;
    else if (body.includes(`"type":${SYNC},`)) this.#wentBack();
  }

  written(body: string): void {
    if (!this.#hasOffered) {
      this.#checkV6(body);
      return;
    }
    const last = LAST_OF_ANSWER.exec(body)?.[1];
    // A feed that begins does not know which of these entries are messages of this device.
    if (last !== undefined) this.#backFrom = Math.max(this.#backFrom, Number(last));
    if (!body.includes('"x":')) return;
    const { type, x } = decodeFrameBody(body, 'keep') as { type: number; x?: { s?: number; from?: number } };
    if (type === SKIP && x?.from !== undefined) this.#checkSkip(x.from);
    if (x?.s === undefined) return;
    if (type === STORED) this.#told.set(x.s, this.#told.get(x.s) ?? this.#now());
    else if (type === PacketType.Data) this.#checkEntry(x.s, body);
    this.#highest = Math.max(this.#highest, x.s);
  }

  #checkV6(body: string): void {
    if (OF_EXTENSION.test(body)) this.#onBreach(`a session that has offered nothing was written ${body}`);
  }

  #checkEntry(position: number, body: string): void {
    const toldAt = this.#told.get(position);
    const isAfterWait = toldAt !== undefined && this.#now() - toldAt >= this.#retryMs;
    if (this.#written.has(position) || isAfterWait) this.#wentBack();
    else if (toldAt !== undefined && position > this.#backFrom)
      this.#onBreach(`a session was written its own message, which it knows to be stored: ${body}`);
    this.#written.add(position);
  }

  #checkSkip(from: number): void {
    if (this.#written.has(from)) this.#wentBack();
    this.#written.add(from);
  }

  #wentBack(): void {
    this.#backFrom = this.#highest;
  }
}
