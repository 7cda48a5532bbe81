import type { TransportKind } from '@imcore/protocol';
import type { Bench } from './bench.js';
import type { Peer } from './peer-transport.js';
import { login, type WirePacket, wire } from './wire.js';

/** What the server answers to an offer: member `x` of the login response. */
interface LoginAnswer {
  readonly v: number;
  readonly caps: readonly string[];
  readonly pos: { readonly e: string; readonly s: number; readonly first: number; readonly last: number };
  readonly win: number;
  readonly hole?: readonly [number, number];
  readonly key?: string;
}

/** A device that has negotiated a log, as raw frames. */
class LogDevice {
  readonly peer: Peer;
  readonly userId: string;
  readonly answer: LoginAnswer;

  constructor(peer: Peer, userId: string, answer: LoginAnswer) {
    this.peer = peer;
    this.userId = userId;
    this.answer = answer;
  }

  /** What came of the log: position and content of each entry. */
  get entries(): [number, string][] {
    return this.#of(2).map(({ x, dataContent }) => [Number(x?.['s']), dataContent ?? '']);
  }

  get contents(): string[] {
    return this.#of(2).map(({ dataContent }) => dataContent ?? '');
  }

  /** The members `x` of the packets of a type. */
  extensions(type: number): unknown[] {
    return this.#of(type).map(({ x }) => x);
  }

  /** The device has everything up to a position. */
  acknowledge(position: number): void {
    this.send({ type: 1000, x: { s: position } });
  }

  sync(after: number): void {
    this.send({ type: 1001, x: { after } });
  }

  request(number: number, operation: string, parameters: object = {}): void {
    this.send({ type: 1004, x: { q: number, op: operation, ...parameters } });
  }

  send({ x, ...fields }: Partial<WirePacket> & { readonly type: number }): void {
    const { key } = this.answer;
    const extension = key === undefined ? x : { ...x, a: key };
    this.peer.write(wire({ from: this.userId, to: '0', ...fields, ...(extension && { x: extension }) }));
  }

  /** Sends a QoS message. */
  write(to: string, content: string, fingerprint: string): void {
    this.send({ type: 2, to, dataContent: content, fp: fingerprint, QoS: true });
  }

  #of(type: number): WirePacket[] {
    return this.peer.received.filter((packet) => packet.type === type);
  }
}

/** An offer of a log in a login. `max`: the longest frame body that the device reads. */
export function offer(
  deviceId: string,
  position?: { readonly e: string; readonly s: number },
  max?: number,
): object {
  const dev = { id: deviceId, kind: 'web', name: 'Chrome' };
  return { v: 1, caps: ['log', 'gabcd'], dev, pos: position, max };
}

/** Logs a device in. The login response is removed from its frames. */
export async function onlineDevice(
  bench: Bench,
  userId: string,
  deviceId: string,
  options: {
    readonly transport?: TransportKind;
    readonly position?: { readonly e: string; readonly s: number };
    readonly max?: number;
  } = {},
): Promise<LogDevice> {
  const peer = bench.connect(options.transport);
  peer.write(login(userId, { x: offer(deviceId, options.position, options.max) }));
  await bench.settle();
  const [response] = peer.received;
  if (response?.type !== 50 || peer.isClosed) throw new Error(`${userId} is not logged in`);
  peer.frames.shift();
  const { x } = JSON.parse(response.dataContent ?? '{}') as { x?: LoginAnswer };
  if (x === undefined) throw new Error('the server has not negotiated');
  return new LogDevice(peer, userId, x);
}
