import { proofQuestion } from './address-proof.js';
import type { RecordedEntry } from './recording.js';
import type { Peer, PeerEvents, Stage } from './stage.js';
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
    const events: PeerEvents = {
      frame: (body, wholeFrame) => {
        const atMs = this.#now();
        const question = proofQuestion(body);
        if (question !== undefined) {
          note({ kind: 'frame', atMs, body: question.body });
          this.#peers.get(connection)?.send(question.acknowledgement);
        } else note({ kind: 'frame', atMs, body, ...(wholeFrame === undefined ? {} : { wholeFrame }) });
      },
      closeFrame: (hex) => note({ kind: 'close-frame', atMs: this.#now(), hex }),
      closed: () => note({ kind: 'close', atMs: this.#now() }),
    };
    const peer = await this.#stage.connect(transport, events, connection);
    this.#peers.set(connection, peer);
    return peer;
  }
}
