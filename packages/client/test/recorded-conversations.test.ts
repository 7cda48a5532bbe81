import { readdirSync, readFileSync } from 'node:fs';
import { PacketType, senseTimes } from '@imcore/protocol';
import { isFrame, packetOf, parseRecording, type RecordedEntry } from '@imcore/testkit/conformance';
import { describe, expect, it } from 'vitest';
import { composeMessage } from '../src/compose.js';
import type { Effect } from '../src/effects.js';
import { DeviceLog } from '../src/log/device-log.js';
import type { Session } from '../src/session.js';
import type { CreateLog } from '../src/session-log.js';
import { MIDDLE, newSession, receiveAndHandle } from './fixtures/machine.js';

const VECTORS = new URL('../../../docs/protocol/vectors/', import.meta.url);

/** What one original client sent and received, in order, over one or more links. */
interface RecordedClient {
  readonly name: string;
  readonly user: string;
  readonly transport: 'tcp' | 'udp';
  readonly entries: readonly RecordedEntry[];
}

const clients = readdirSync(VECTORS)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => clientsIn(readFileSync(new URL(file, VECTORS), 'utf8')));

/** The original clients in a complete recording, without raw sockets. */
function clientsIn(text: string): RecordedClient[] {
  const root = JSON.parse(text) as {
    connections: Record<string, string>;
    javaClientEvents?: Record<string, unknown>;
    truncated?: unknown;
    frames: { conn?: string; dir?: string; body?: string }[];
  };
  if (root.truncated !== undefined) return [];
  const isWhole = root.frames.every(({ dir, body }) => dir === undefined || body !== undefined);
  if (!isWhole) return [];
  const recording = parseRecording(text);
  return Object.keys(root.javaClientEvents ?? {}).flatMap((key) => {
    const [, transport, user] = /^(tcp|udp) client (.*)$/.exec(key) ?? [];
    if (user === undefined || (transport !== 'tcp' && transport !== 'udp')) return [];
    const links = Object.keys(root.connections).filter(
      (link) => root.connections[link] === user && link.startsWith(transport),
    );
    const entries = answered(recording.entries.filter(({ connection }) => links.includes(connection)));
    return entries.length === 0 ? [] : [{ name: `${recording.name}: ${user}`, user, transport, entries }];
  });
}

/**
 * Removes frames received at the end of the recording, whose responses were not recorded, and datagrams that an original
 * client cannot read but this one can.
 *
 * @see docs/protocol/SPEC.md#11-where-the-original-is-weak-and-we-are-not
 */
function answered(entries: readonly RecordedEntry[]): RecordedEntry[] {
  const last = entries.findLastIndex((entry) => isFrame(entry, 'client'));
  const isReadable = (entry: RecordedEntry): boolean =>
    entry.kind !== 'frame' || entry.transport !== 'udp' || Buffer.byteLength(entry.body) <= 1024;
  return entries.slice(0, last + 1).filter(isReadable);
}

/** Performs the actions of the recorded client and receives the same packets, at the recorded times. */
class Player {
  readonly written: string[] = [];
  readonly #session: Session;
  readonly #user: string;
  readonly #device: string | undefined;
  readonly #sent = new Set<unknown>();

  /** `device`: its id, for a client that offers the extension. */
  constructor({ transport, user }: RecordedClient, device?: string) {
    this.#user = user;
    this.#device = device;
    const settings = {
      keepAlive: senseTimes(3, transport),
      transportKind: transport,
      hasOutbox: device !== undefined,
      // The recording determines when to reconnect.
      backoff: { initialMs: 1e9, minMs: 1e9, maxMs: 1e9 },
    };
    const createLog: CreateLog = (...parts) => new DeviceLog(...parts);
    this.#session = newSession(settings, MIDDLE, device === undefined ? undefined : createLog);
  }

  /** The frames, with logins without what they offer. */
  get withoutOffers(): string[] {
    return this.written.map((frame) => {
      const packet = packetOf(frame);
      if (packet['type'] !== PacketType.Login) return frame;
      const { x, ...login } = JSON.parse(String(packet['dataContent']));
      if (this.#device !== undefined) expect(x).toMatchObject({ v: 1, dev: { id: this.#device } });
      return JSON.stringify({ ...packet, dataContent: JSON.stringify(login) });
    });
  }

  play(entry: RecordedEntry): void {
    const now = entry.atMs;
    while (this.#session.nextDeadline <= now) this.#record(this.#session.tick(this.#session.nextDeadline));
    if (entry.kind === 'close') this.#record(this.#session.linkClosed(undefined, now));
    if (entry.kind !== 'frame') return;
    if (entry.by === 'server') this.#record(receiveAndHandle(this.#session, entry.body, now));
    else this.#act(packetOf(entry.body), now);
  }

  /** Performs the actions of the recorded application: logins, messages and logouts. */
  #act(packet: Readonly<Record<string, unknown>>, now: number): void {
    const { type, dataContent, to, fp, typeu, QoS } = packet;
    if (type === PacketType.Login) this.#logIn(JSON.parse(String(dataContent)), now);
    else if (type === PacketType.Logout) this.#record(this.#session.logout('logout'));
    else if (type === PacketType.Data && (fp === undefined || !this.#sent.has(fp))) {
      this.#sent.add(fp);
      const request = {
        to: String(to),
        content: String(dataContent),
        type: Number(typeu),
        qos: QoS === true,
        fingerprint: typeof fp === 'string' ? fp : undefined,
      };
      const message = composeMessage(request, this.#user, this.#sent.size, MIDDLE, now);
      this.#record(this.#session.send(message, 'wait', now));
    }
  }

  #logIn(login: { loginUserId: string; loginToken?: string; extra?: string }, now: number): void {
    // The link of a UDP client is not closed when it logs in again.
    if (this.#session.state === 'online') this.#session.linkClosed(undefined, now);
    if (this.#session.state === 'idle') {
      const { loginUserId: userId, loginToken: token, extra } = login;
      this.#session.login({ userId, token, extra }, now);
    } else this.#session.retryNow(now);
    if (this.#device !== undefined) {
      const device = { id: this.#device, position: undefined };
      this.#record(this.#session.restored([], [], now, device));
    }
    this.#record(this.#session.linkOpened(now));
  }

  #record(effects: readonly Effect[]): void {
    for (const effect of effects) if (effect.kind === 'write') this.written.push(effect.frame);
  }
}

/** The distinct frames of some types, with normalized escapes. The order of the fields is kept. */
function framesOf(frames: readonly string[], ...types: number[]): string[] {
  const written = frames.filter((frame) => types.includes(Number(packetOf(frame)['type'])));
  return [...new Set(written.map((frame) => JSON.stringify(JSON.parse(frame))))];
}

describe('a client in place of a recorded one', () => {
  it('has more than 50 recorded clients to compare with', () => {
    expect(clients.length).toBeGreaterThan(50);
  });

  it.each(clients.map((client) => [client.name, client] as const))(
    'writes the same packets, byte for byte: %s',
    (_name, client) => {
      const player = new Player(client);
      for (const entry of client.entries) player.play(entry);
      expectRecorded(player.written, client);
    },
  );

  it.each(clients.map((client) => [client.name, client] as const))(
    'writes the same packets but for the offer in its logins, as a client with a device: %s',
    (_name, client) => {
      const player = new Player(client, 'laptop');
      for (const entry of client.entries) player.play(entry);
      expectRecorded(player.withoutOffers, client);
      expect(
        player.written.map((frame) => Number(packetOf(frame)['type'])).filter((type) => type >= 1000),
      ).toEqual([]);
    },
  );
});

/** A client writes the packets of the recorded one, and no others of their types. */
function expectRecorded(written: readonly string[], { entries }: RecordedClient): void {
  const recorded = entries.flatMap((entry) => (isFrame(entry, 'client') ? [entry.body] : []));
  for (const types of [
    [PacketType.Login, PacketType.Logout],
    [PacketType.Data],
    [PacketType.Acknowledgement],
  ]) {
    expect(framesOf(written, ...types)).toEqual(framesOf(recorded, ...types));
  }
  const keepAlives = framesOf(recorded, PacketType.KeepAlive);
  if (keepAlives.length > 0) expect(framesOf(written, PacketType.KeepAlive)).toEqual(keepAlives);
}
