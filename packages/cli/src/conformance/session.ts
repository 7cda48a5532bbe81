import { ExtensionType, PacketType } from '@imcore/protocol';
import { LogView } from './log-view.js';
import { Unmet } from './outcome.js';
import type { Peer } from './peer.js';
import { contentOf, type Frame, membersOf, numberIn, type Outgoing } from './wire.js';

/** How long a session listens for what must not come, in milliseconds, after the server has answered it. */
const QUIET_MS = 100;

/** What the server says of the log: member `x` of the login response. */
interface LogAnswer {
  readonly epoch: string;
  readonly position: number;
  readonly last: number;
  readonly window: number;
  readonly hole: unknown;
  readonly key: string | undefined;
}

/** What is different in a login. */
export interface LoginOptions {
  readonly firstLoginTime?: number;
  /** The offer; absent for a v6 session. */
  readonly x?: object;
  /** Whether the session acknowledges positions as they come. Default true. */
  readonly acknowledges?: boolean;
}

/**
 * A session that is logged in. Without the extension it acknowledges each QoS packet with a fingerprint at once, as all v6
 * clients do. With it, it acknowledges positions at once, unless that is switched off.
 */
export class Session {
  readonly peer: Peer;
  readonly userId: string;
  readonly firstLoginTime: number;
  /** Undefined for a v6 session. */
  readonly answer: LogAnswer | undefined;
  readonly log: LogView;
  acknowledges: boolean;
  readonly #fingerprint: () => string;

  private constructor(
    peer: Peer,
    userId: string,
    response: Frame,
    acknowledges: boolean,
    fingerprint: () => string,
  ) {
    const { x, firstLoginTime } = contentOf(response.packet);
    this.peer = peer;
    this.userId = userId;
    this.firstLoginTime = Number(firstLoginTime);
    this.answer = x === undefined ? undefined : answerOf(membersOf(x));
    this.log = new LogView(this.answer?.position ?? 0);
    this.acknowledges = acknowledges;
    this.#fingerprint = fingerprint;
  }

  /**
   * Logs in.
   *
   * @throws Unmet if the login is not accepted
   */
  static async open(
    peer: Peer,
    userId: string,
    token: string,
    { firstLoginTime = 0, x, acknowledges = true }: LoginOptions,
    fingerprint: () => string,
  ): Promise<Session> {
    const dataContent = JSON.stringify({ loginUserId: userId, loginToken: token, firstLoginTime, x });
    const login = (): void => peer.send({ type: PacketType.Login, dataContent, from: userId });
    // Each v6 client acknowledges what asks for it, the login response as well: over UDP that proves its address.
    peer.onFrame = (frame) => acknowledge(peer, userId, frame);
    const from = peer.frames.length;
    login();
    const expected = 'a login response (type 50) with code 0';
    const response = await peer.untilFrame(
      expected,
      ({ packet }) => packet.type === PacketType.LoginResponse,
      {
        from,
        repeat: login,
      },
    );
    if (contentOf(response.packet)['code'] !== 0) throw new Unmet(expected, response.body);
    const session = new Session(peer, userId, response, acknowledges, fingerprint);
    session.#begin(peer.frames.indexOf(response));
    return session;
  }

  /** Sends a packet, over UDP with the session's key. */
  send({ x, ...packet }: Outgoing): void {
    const key = this.answer?.key;
    const extension = key === undefined ? x : { ...membersOf(x), a: key };
    this.peer.send({ from: this.userId, ...packet, x: extension });
  }

  /** The device has everything up to a position. */
  position(position: number): void {
    this.send({ type: ExtensionType.Position, x: { s: position } });
  }

  sync(after: number): void {
    this.send({ type: ExtensionType.Sync, x: { after } });
  }

  /** Sends a message and waits until the server is responsible for it. Returns the packet that says so. @throws Unmet */
  async write(
    to: string,
    content: string,
    { fp = this.#fingerprint(), x }: { readonly fp?: string; readonly x?: object } = {},
  ): Promise<Frame> {
    const from = this.peer.frames.length;
    const send = (): void => this.send({ type: PacketType.Data, to, dataContent: content, fp, QoS: true, x });
    send();
    const options = { from, repeat: send };
    if (this.answer === undefined)
      return await this.peer.untilFrame(
        `an acknowledgement (type 4) of ${fp}`,
        ({ packet }) => packet.type === PacketType.Acknowledgement && packet.dataContent === fp,
        options,
      );
    return await this.peer.untilFrame(
      `stored (type 1100) for ${fp}`,
      ({ packet }) => packet.type === ExtensionType.Stored && membersOf(packet.x)['fp'] === fp,
      options,
    );
  }

  /** Waits for a message (type 2) with a content. @throws Unmet */
  async message(content: string): Promise<Frame> {
    return await this.peer.untilFrame(
      `the message ${JSON.stringify(content)} (type 2)`,
      ({ packet }) => packet.type === PacketType.Data && packet.dataContent === content,
    );
  }

  /** Waits until the session knows everything up to a position. @throws Unmet */
  async covered(position: number): Promise<void> {
    await this.peer.until(`everything up to position ${position}`, () =>
      this.log.covered >= position ? true : undefined,
    );
  }

  /** Sends a keep-alive and waits for its response: the session is alive. @throws Unmet */
  async keepAlive(): Promise<Frame> {
    const from = this.peer.frames.length;
    const send = (): void => this.send({ type: PacketType.KeepAlive, dataContent: '{}' });
    send();
    return await this.peer.untilFrame(
      'a keep-alive response (type 51)',
      ({ packet }) => packet.type === PacketType.KeepAliveResponse,
      { from, repeat: send },
    );
  }

  /** Everything that the server had to write because of what happened before has arrived. @throws Unmet */
  async settled(): Promise<void> {
    await this.keepAlive();
    await quiet();
    await this.keepAlive();
  }

  /** Ends the session as a client does that goes away: over UDP with a logout, as there is no connection to close. */
  leave(): void {
    if (!this.peer.isReliable) this.send({ type: PacketType.Logout });
    this.peer.close();
  }

  /** Takes what has come since the login response as well. */
  #begin(responseAt: number): void {
    const { peer, answer } = this;
    if (answer === undefined) return;
    peer.onFrame = (frame) => this.#received(frame);
    if (answer.key !== undefined && this.acknowledges) this.position(answer.position);
    for (const frame of peer.frames.slice(responseAt + 1)) this.#received(frame);
  }

  #received(frame: Frame): void {
    const before = this.log.covered;
    this.log.add(frame);
    if (this.acknowledges && this.log.covered > before) this.position(this.log.covered);
  }
}

/** Waits a moment for what must not come. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, QUIET_MS);
  });
}

function acknowledge(peer: Peer, userId: string, { packet }: Frame): void {
  if (packet.QoS !== true || typeof packet.fp !== 'string') return;
  // A negotiated session proves its address by the key.
  if (packet.type === PacketType.LoginResponse && contentOf(packet)['x'] !== undefined) return;
  const to = typeof packet.from === 'string' ? packet.from : '0';
  peer.send({ type: PacketType.Acknowledgement, dataContent: packet.fp, from: userId, to });
}

function answerOf(x: Readonly<Record<string, unknown>>): LogAnswer {
  const pos = membersOf(x['pos']);
  return {
    epoch: String(pos['e']),
    position: numberIn(pos, 's'),
    last: numberIn(pos, 'last'),
    window: numberIn(x, 'win'),
    hole: x['hole'],
    key: typeof x['key'] === 'string' ? x['key'] : undefined,
  };
}
