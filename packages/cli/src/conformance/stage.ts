import type { Transport } from '@imcore/client/node';
import { Peer } from './peer.js';
import { type LoginOptions, Session } from './session.js';

/** What all cases against one server have in common. */
export interface StageOptions {
  readonly transport: Transport;
  /** Prefix of all user IDs, unique for each run. */
  readonly userPrefix: string;
  readonly token: string;
  /** How long an answer of the server may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** What is different in the login of a device. */
interface DeviceOptions {
  readonly position?: { readonly e: string; readonly s: number };
  readonly acknowledges?: boolean;
  /** Members that are added to the offer. */
  readonly offer?: object;
}

/** Where one case runs: it opens connections with users of its own, and closes them at the end. */
export class Stage {
  readonly #options: StageOptions;
  readonly #name: string;
  readonly #peers: Peer[] = [];
  readonly #sessions: Session[] = [];
  #fingerprints = 0;

  /** `name`: of the case; its users have it in their IDs. */
  constructor(options: StageOptions, name: string) {
    this.#options = options;
    this.#name = name;
  }

  get isReliable(): boolean {
    return this.#options.transport.kind !== 'udp';
  }

  /** The ID of a user whom nobody else has. */
  user(name: string): string {
    return `${this.#options.userPrefix}-${this.#name}-${name}`;
  }

  /** A fingerprint that nobody else has. */
  readonly fingerprint = (): string => {
    this.#fingerprints += 1;
    return `${this.#options.userPrefix}-${this.#name}-${this.#fingerprints}`;
  };

  /** A connection that is not logged in. @throws Unmet */
  async connect(): Promise<Peer> {
    const peer = await Peer.open(this.#options.transport, this.#options.timeoutMs);
    this.#peers.push(peer);
    return peer;
  }

  /** Logs a user in. @throws Unmet */
  async login(userId: string, options: LoginOptions = {}): Promise<Session> {
    return await this.loginOn(await this.connect(), userId, options);
  }

  /** The same on an open connection. @throws Unmet */
  async loginOn(peer: Peer, userId: string, options: LoginOptions = {}): Promise<Session> {
    const session = await Session.open(peer, userId, this.#options.token, options, this.fingerprint);
    this.#sessions.push(session);
    return session;
  }

  /** Logs a device in that offers a log. @throws Unmet */
  async device(userId: string, deviceId: string, options: DeviceOptions = {}): Promise<Session> {
    const { position, acknowledges, offer } = options;
    const x = { ...offerOf(deviceId), pos: position, ...offer };
    return await this.login(userId, { x, ...(acknowledges === undefined ? {} : { acknowledges }) });
  }

  close(): void {
    for (const session of this.#sessions) if (!session.peer.isClosed) session.leave();
    for (const peer of this.#peers) peer.close();
  }
}

/** An offer of a log in a login. */
export function offerOf(deviceId: string): object {
  return { v: 1, caps: ['log', 'g7f3a'], dev: { id: deviceId, kind: 'web', name: 'Conformance' } };
}
