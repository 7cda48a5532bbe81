import type { ClientSettings } from '@imcore/client';
import type { TransportKind } from '@imcore/protocol';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { HarnessProcess } from './harness-process.js';
import { RawUser, TestUser } from './users.js';

export const TRANSPORTS: readonly TransportKind[] = ['tcp', 'udp', 'websocket'];

/** A server for the tests of a file, and the clients of each test. */
export class Scene {
  #harness: HarnessProcess | undefined;
  readonly #users: TestUser[] = [];
  readonly #rawUsers: RawUser[] = [];
  #names = 0;

  /** Starts the server before the tests of the calling file and stops it after them. */
  static set(args: readonly string[] = []): Scene {
    const scene = new Scene();
    beforeAll(async () => {
      scene.#harness = await HarnessProcess.start(args);
    });
    afterEach(() => scene.clear());
    afterAll(async () => {
      await scene.#harness?.stop();
    });
    return scene;
  }

  get harness(): HarnessProcess {
    if (this.#harness === undefined) throw new Error('the server has not been started');
    return this.#harness;
  }

  /** Replaces a server that has ended. */
  replace(harness: HarnessProcess): void {
    this.#harness = harness;
  }

  /** A unique user id. */
  name(prefix: string): string {
    this.#names += 1;
    return `${prefix}-${this.#names}`;
  }

  /** A client that has not logged in. */
  offlineUser(userId: string, transport: TransportKind, settings: ClientSettings = {}): TestUser {
    const user = new TestUser(userId, transport, this.harness.ports, settings);
    this.#users.push(user);
    return user;
  }

  /** A client that has logged in. */
  async user(prefix: string, transport: TransportKind, settings: ClientSettings = {}): Promise<TestUser> {
    const user = this.offlineUser(this.name(prefix), transport, settings);
    await user.client.login({ userId: user.userId, token: 'tok' });
    return user;
  }

  async raw(transport: TransportKind): Promise<RawUser> {
    const raw = await RawUser.connect(transport, this.harness.ports);
    this.#rawUsers.push(raw);
    return raw;
  }

  async clear(): Promise<void> {
    for (const raw of this.#rawUsers.splice(0)) raw.close();
    await Promise.all(this.#users.splice(0).map(({ client }) => client.close()));
  }
}
