import { encodeUtf8, type TransportKind } from '@imcore/protocol';
import { proofQuestion } from '../../../src/conformance/address-proof.js';
import type { JsonObject } from '../../../src/conformance/json.js';
import { packetOf } from '../../../src/conformance/recording.js';
import type { Peer, Stage } from '../../../src/conformance/stage.js';
import { describeAnswer } from './describe.js';

/** The state of a client for the server. */
type ClientState = 'open' | 'closed' | 'not logged in';

/** What a client needs of its lab. */
interface ClientLab {
  readonly stage: Stage;
  changed(): void;
  until(condition: () => boolean, what: string): Promise<void>;
}

const BARRIER = 'barrier';
const AMPLIFICATION_LIMIT = 3;

/** A client that can send anything. */
export class LabClient {
  readonly transport: TransportKind;
  /** Packets that have arrived, in order, without the answers to keep-alives and barriers. */
  readonly packets: JsonObject[] = [];
  userId: string | undefined;
  isClosed = false;
  /** Payload of the WebSocket close frame that has arrived, as hexadecimal digits. */
  closeFrame: string | undefined;
  readonly #lab: ClientLab;
  #peer: Peer | undefined;
  #barriers = 0;
  #barrierAnswers: JsonObject[] = [];
  #bytesSent = 0;
  #bytesReceived = 0;
  #isTrusted = false;
  #worstRatio = 0;

  private constructor(lab: ClientLab, transport: TransportKind) {
    this.#lab = lab;
    this.transport = transport;
  }

  static async connect(lab: ClientLab, transport: TransportKind): Promise<LabClient> {
    const client = new LabClient(lab, transport);
    client.#peer = await lab.stage.connect(
      transport,
      {
        frame: (body) => client.#received(body),
        closeFrame: (hex) => {
          client.closeFrame = hex;
          lab.changed();
        },
        closed: () => {
          client.isClosed = true;
          lab.changed();
        },
      },
      transport,
    );
    return client;
  }

  /** What has arrived, in short. */
  get answers(): string[] {
    return this.packets.map((packet) => describeAnswer(packet));
  }

  /** Logs in, and forgets the answer if it was accepted. */
  async login(userId: string, login: JsonObject = {}): Promise<void> {
    this.sendLogin({ loginUserId: userId, loginToken: 'tok', firstLoginTime: 0, ...login }, userId);
    await this.#lab.until(() => this.packets.length > 0 || this.isClosed, `${userId} is answered`);
    const answer = this.packets[0];
    if (answer?.['type'] !== 50 || answer['to'] !== userId) return;
    this.userId = userId;
    this.packets.length = 0;
  }

  sendLogin(content: unknown, from = 'me'): void {
    this.send({ type: 0, dataContent: JSON.stringify(content), from, to: '0' });
  }

  /** Sends a packet with only these fields, or a text as it is. */
  send(packet: JsonObject | string): void {
    const body = typeof packet === 'string' ? packet : JSON.stringify(packet);
    this.#bytesSent += encodeUtf8(body).length;
    this.#peer?.send(body);
  }

  /** A type 2 packet with QoS. */
  sendMessage(to: string, content: string, fp: string, fields: JsonObject = {}): void {
    const from = this.userId ?? 'me';
    this.send({ type: 2, dataContent: content, from, to, fp, QoS: true, typeu: -1, sm: -1, ...fields });
  }

  acknowledge(fp: string, to: string): void {
    this.send({ type: 4, dataContent: fp, from: this.userId ?? 'me', to });
  }

  /** Writes bytes to the socket as they are. */
  sendRaw(bytes: Uint8Array): void {
    this.#bytesSent += bytes.length;
    this.#peer?.sendRaw(bytes);
  }

  /**
   * Checks whether the server still answers: a logged-in client sends a keep-alive, another one an echo. All earlier
   * answers of the server have arrived by then.
   */
  async state(): Promise<ClientState> {
    this.#barriers += 1;
    const answersBefore = this.#barrierAnswers.length;
    if (this.userId !== undefined) this.send({ type: 1, dataContent: '{}', from: this.userId, to: '0' });
    else this.send({ type: 5, dataContent: BARRIER, from: '-', to: '0', fp: BARRIER });
    await this.#lab.until(
      () => this.isClosed || this.#barrierAnswers.length > answersBefore,
      'an answer or the end',
    );
    const answer = this.#barrierAnswers.at(-1);
    if (this.isClosed) return 'closed';
    return answer?.['type'] === 52 ? 'not logged in' : 'open';
  }

  /** What has arrived, and the state of the connection, on one line. */
  async outcome(): Promise<string> {
    const state = await this.state();
    const answers = this.answers.join(', ') || 'nothing';
    if (this.transport === 'udp') return `${answers}; ${state === 'open' ? 'session stays' : 'session ends'}`;
    return `${answers}; ${state === 'closed' ? `closed${this.#closing()}` : 'stays open'}`;
  }

  /** What has arrived, on one line. */
  async came(): Promise<string> {
    await this.state();
    return this.answers.join(', ') || 'nothing';
  }

  checkAmplification(): void {
    if (this.transport === 'udp' && this.#worstRatio > AMPLIFICATION_LIMIT)
      throw new Error(
        `an address that had not logged in got ${this.#worstRatio} times the bytes that it sent`,
      );
  }

  close(): void {
    this.#peer?.close();
  }

  #closing(): string {
    if (this.closeFrame === undefined) return '';
    const payload = Buffer.from(this.closeFrame, 'hex');
    return payload.length < 2
      ? ' (no code)'
      : ` (${`${payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`.trim()})`;
  }

  #received(body: string): void {
    const packet = this.#proveAddress(body);
    this.#bytesReceived += encodeUtf8(body).length;
    if (!this.#isTrusted)
      this.#worstRatio = Math.max(this.#worstRatio, this.#bytesReceived / this.#bytesSent);
    if (this.#barriers > this.#barrierAnswers.length && this.#answersBarrier(packet))
      this.#barrierAnswers.push(packet);
    else this.packets.push({ ...packet, bytes: encodeUtf8(body).length });
    this.#lab.changed();
  }

  /** Acknowledges what asks for a proof of the address. Returns it without the question. */
  #proveAddress(body: string): JsonObject {
    const question = proofQuestion(body);
    if (question === undefined) return packetOf(body);
    this.#isTrusted = true;
    this.send(question.acknowledgement);
    return packetOf(question.body);
  }

  #answersBarrier({ type, fp, dataContent }: JsonObject): boolean {
    if (this.userId === undefined) return type === 53 && fp === BARRIER;
    return type === 51 || (type === 52 && String(dataContent).includes('"errorCode":301'));
  }
}
