import {
  acknowledgementPacket,
  decodeFrameBody,
  encodePacket,
  encodeUtf8,
  PacketType,
} from '@imcore/protocol';
import { packetOf, type RecordedEntry } from './recording.js';
import type { Peer, Stage } from './stage.js';
import type { Transcript } from './transcript.js';

/** The clients of a recording: repeats what the recorded ones did, and records what they receive. */
export class Clients {
  readonly #stage: Stage;
  readonly #transcript: Transcript;
  readonly #now: () => number;
  readonly #peers = new Map<string, Peer>();

  constructor(stage: Stage, transcript: Transcript, now: () => number) {
    this.#stage = stage;
    this.#transcript = transcript;
    this.#now = now;
  }

  /** Carries out an entry of a client; ignores one of the server. */
  async perform(entry: RecordedEntry): Promise<void> {
    const { connection } = entry;
    if (entry.kind === 'open') await this.#open(entry);
    else if (entry.kind === 'frame' && entry.by === 'client') {
      const peer = this.#peers.get(connection) ?? (await this.#open(entry));
      const body = this.#transcript.rewriteLogin(connection, entry.body);
      if (entry.wholeFrameHex !== undefined && body === entry.body)
        peer.sendRaw(Buffer.from(entry.wholeFrameHex, 'hex'));
      else peer.send(body);
    } else if (entry.kind === 'close' && entry.by === 'client') this.#peers.get(connection)?.close();
  }

  closeAll(): void {
    for (const peer of this.#peers.values()) peer.close();
  }

  async #open({ connection, transport }: RecordedEntry): Promise<Peer> {
    const note = this.#transcript.observe.bind(this.#transcript, connection);
    const peer = await this.#stage.connect(transport, {
      frame: (body, wholeFrame) => {
        const atMs = this.#now();
        if (asksForProof(body)) {
          note({ kind: 'frame', atMs, body: withoutQuestion(body) });
          this.#peers.get(connection)?.send(acknowledgementOf(body));
        } else note({ kind: 'frame', atMs, body, ...(wholeFrame === undefined ? {} : { wholeFrame }) });
      },
      closeFrame: (hex) => note({ kind: 'close-frame', atMs: this.#now(), hex }),
      closed: () => note({ kind: 'close', atMs: this.#now() }),
    });
    this.#peers.set(connection, peer);
    return peer;
  }
}

/**
 * Whether the server asks for a proof of the address: every known client acknowledges any packet with `QoS:true` and an `fp`
 * before it looks at its type. The recorded server asked about messages only.
 */
function asksForProof(body: string): boolean {
  const { type, QoS, fp } = packetOf(body);
  return QoS === true && fp !== undefined && type !== PacketType.Data;
}

function acknowledgementOf(body: string): string {
  return encodePacket(acknowledgementPacket(decodeFrameBody(encodeUtf8(body))));
}

function withoutQuestion(body: string): string {
  const { fp: _, ...packet } = packetOf(body);
  return JSON.stringify({ ...packet, QoS: false });
}
