import { readdirSync, readFileSync } from 'node:fs';
import { PacketType, senseTimes } from '@imcore/protocol';
import { isFrame, packetOf, parseRecording, type RecordedEntry } from '@imcore/testkit/conformance';
import { describe, expect, it } from 'vitest';
import { composeMessage } from '../src/compose.js';
import type { Effect } from '../src/effects.js';
import type { Session } from '../src/session.js';
import { MIDDLE, newSession } from './fixtures/machine.js';

const VECTORS = new URL('../../../docs/protocol/vectors/', import.meta.url);

/** What one original client wrote, and what came to it, in order. Its links follow each other. */
interface Life {
  readonly name: string;
  readonly user: string;
  readonly transport: 'tcp' | 'udp';
  readonly entries: readonly RecordedEntry[];
}

const lives = readdirSync(VECTORS)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => livesIn(readFileSync(new URL(file, VECTORS), 'utf8')));

/** The original clients in a recording that was kept whole. Bare sockets wrote what no client would. */
function livesIn(text: string): Life[] {
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
 * Without what came when the recording was about to end: the answer to it was not recorded. And without datagrams that an
 * original client cannot read, for ours can.
 *
 * @see docs/protocol/SPEC.md#11-where-the-original-is-weak-and-we-are-not
 */
function answered(entries: readonly RecordedEntry[]): RecordedEntry[] {
  const last = entries.findLastIndex((entry) => isFrame(entry, 'client'));
  const isReadable = (entry: RecordedEntry): boolean =>
    entry.kind !== 'frame' || entry.transport !== 'udp' || Buffer.byteLength(entry.body) <= 1024;
  return entries.slice(0, last + 1).filter(isReadable);
}

/** Does what the recorded client was told to do, and hears what it heard, at the recorded times. */
class Player {
  readonly written: string[] = [];
  readonly #session: Session;
  readonly #user: string;
  readonly #sent = new Set<unknown>();

  constructor({ transport, user }: Life) {
    this.#user = user;
    this.#session = newSession({
      keepAlive: senseTimes(3, transport),
      // When to come back is taken from the recording.
      backoff: { initialMs: 1e9, minMs: 1e9, maxMs: 1e9 },
    });
  }

  play(entry: RecordedEntry): void {
    const now = entry.atMs;
    while (this.#session.nextDeadline <= now) this.#note(this.#session.tick(this.#session.nextDeadline));
    if (entry.kind === 'close') this.#note(this.#session.linkClosed(undefined, now));
    if (entry.kind !== 'frame') return;
    if (entry.by === 'server') this.#note(this.#session.receive(entry.body, now));
    else this.#act(packetOf(entry.body), now);
  }

  /** The application of the recorded client had a hand in logins, messages and logouts, and in nothing else. */
  #act(packet: Readonly<Record<string, unknown>>, now: number): void {
    const { type, dataContent, to, fp, typeu, QoS } = packet;
    if (type === PacketType.Login) this.#logIn(JSON.parse(String(dataContent)), now);
    else if (type === PacketType.Logout) this.#note(this.#session.logout('logout'));
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
      this.#note(this.#session.send(message, 'wait', now));
    }
  }

  #logIn(login: { loginUserId: string; loginToken?: string; extra?: string }, now: number): void {
    // A datagram client's link is not closed when it begins anew.
    if (this.#session.state === 'online') this.#session.linkClosed(undefined, now);
    if (this.#session.state === 'idle') {
      const { loginUserId: userId, loginToken: token, extra } = login;
      this.#session.login({ userId, token, extra }, now);
    } else this.#session.retryNow(now);
    this.#note(this.#session.linkOpened(now));
  }

  #note(effects: readonly Effect[]): void {
    for (const effect of effects) if (effect.kind === 'write') this.written.push(effect.frame);
  }
}

/** Frames of some types, each once, with one spelling for each character. The order of their fields stays. */
function framesOf(frames: readonly string[], ...types: number[]): string[] {
  const written = frames.filter((frame) => types.includes(Number(packetOf(frame)['type'])));
  return [...new Set(written.map((frame) => JSON.stringify(JSON.parse(frame))))];
}

describe('a client in the place of an original one', () => {
  it('has many to stand for', () => {
    expect(lives.length).toBeGreaterThan(50);
  });

  it.each(lives.map((life) => [life.name, life] as const))(
    'writes the same, byte for byte: %s',
    (_name, life) => {
      const player = new Player(life);
      for (const entry of life.entries) player.play(entry);
      const recorded = life.entries.flatMap((entry) => (isFrame(entry, 'client') ? [entry.body] : []));

      for (const types of [
        [PacketType.Login, PacketType.Logout],
        [PacketType.Data],
        [PacketType.Acknowledgement],
      ]) {
        expect(framesOf(player.written, ...types)).toEqual(framesOf(recorded, ...types));
      }
      const keepAlives = framesOf(recorded, PacketType.KeepAlive);
      if (keepAlives.length > 0) expect(framesOf(player.written, PacketType.KeepAlive)).toEqual(keepAlives);
    },
  );
});
