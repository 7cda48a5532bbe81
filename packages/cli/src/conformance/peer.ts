import type { Link, Transport } from '@imcore/client/node';
import { Unmet } from './outcome.js';
import { describeFrames, encode, type Frame, type Outgoing, readFrame } from './wire.js';

/** How often something is repeated over UDP until it is answered, in milliseconds. */
const REPEAT_EVERY_MS = 1000;

/** One connection to the server under test: writes any packet, and keeps everything that comes. */
export class Peer {
  readonly frames: Frame[] = [];
  readonly isReliable: boolean;
  /** Called for each frame before anybody who waits. */
  onFrame: (frame: Frame) => void = () => {};
  readonly #timeoutMs: number;
  readonly #waiting = new Set<() => void>();
  #link: Link | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  private constructor(isReliable: boolean, timeoutMs: number) {
    this.isReliable = isReliable;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws Unmet if there is no connection after `timeoutMs` */
  static async open(transport: Transport, timeoutMs: number): Promise<Peer> {
    const peer = new Peer(transport.kind !== 'udp', timeoutMs);
    let isOpen = false;
    peer.#link = transport.connect({
      opened: () => {
        isOpen = true;
        peer.#settle();
      },
      received: (body) => peer.#received(body),
      closed: (error) => {
        peer.#end ??= { error };
        peer.#settle();
      },
    });
    try {
      await peer.until('a connection', () => (isOpen || peer.isClosed ? true : undefined));
    } catch (error) {
      peer.close();
      throw error;
    }
    if (!isOpen) throw new Unmet('a connection', peer.#describe(0));
    return peer;
  }

  get isClosed(): boolean {
    return this.#end !== undefined;
  }

  send(packet: Outgoing): void {
    this.sendText(encode(packet));
  }

  /** Writes a frame body as it is. */
  sendText(body: string): void {
    if (!this.isClosed) this.#link?.send(body);
  }

  /** The packets of a type that have arrived, in order. */
  ofType(type: number): Frame[] {
    return this.frames.filter(({ packet }) => packet.type === type);
  }

  /**
   * Waits until `find` returns something. `repeat` is called each second over UDP, where a packet may be lost.
   *
   * @throws Unmet after the time-out
   */
  async until<Found>(
    expected: string,
    find: () => Found | undefined,
    repeat: () => void = () => {},
  ): Promise<Found> {
    const shownFrom = Math.max(0, this.frames.length - 1);
    return await new Promise<Found>((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        stop();
        resolve(found);
      };
      const repeating = this.isReliable ? undefined : setInterval(repeat, REPEAT_EVERY_MS);
      const timer = setTimeout(() => {
        stop();
        reject(new Unmet(expected, this.#describe(shownFrom)));
      }, this.#timeoutMs);
      const stop = (): void => {
        clearInterval(repeating);
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Waits for a packet that `matches` accepts, from the frame with the index `from` on. @throws Unmet */
  async untilFrame(
    expected: string,
    matches: (frame: Frame) => boolean,
    { from = 0, repeat }: { readonly from?: number; readonly repeat?: () => void } = {},
  ): Promise<Frame> {
    return await this.until(expected, () => this.frames.slice(from).find(matches), repeat);
  }

  /** Waits until the server has closed the connection. @throws Unmet */
  async untilClosed(expected: string): Promise<void> {
    await this.until(expected, () => (this.isClosed ? true : undefined));
  }

  close(): void {
    this.#end ??= { error: undefined };
    this.#link?.close();
  }

  #received(body: string): void {
    if (this.isClosed) return;
    const frame = readFrame(body);
    this.frames.push(frame);
    this.onFrame(frame);
    this.#settle();
  }

  #settle(): void {
    for (const look of [...this.#waiting]) look();
  }

  #describe(from: number): string {
    const error = this.#end?.error;
    const end = this.isClosed ? `, then the connection was closed${error ? ` (${error.message})` : ''}` : '';
    return `${describeFrames(this.frames.slice(from))} within ${this.#timeoutMs} ms${end}`;
  }
}
