import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { TestUser } from './users.js';

/** A TCP load balancer with one user behind it: passes new connections to the port that was chosen last. */
export class BalancedUser {
  readonly user: TestUser;
  readonly #listener: Server;
  #target: number;

  private constructor(userId: string, listener: Server, target: number) {
    this.#listener = listener;
    this.#target = target;
    const { port } = listener.address() as AddressInfo;
    const ports = { tcp: port, udp: port, websocket: port };
    this.user = new TestUser(userId, 'tcp', ports, { backoff: { minMs: 20, initialMs: 50, maxMs: 200 } });
  }

  /** Logs in at the node with this port. */
  static async login(userId: string, target: number): Promise<BalancedUser> {
    const listener = createServer((near) => {
      const far = connect(balanced.#target, '127.0.0.1');
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        socket.on('error', () => {});
        socket.on('close', () => other.destroy());
        socket.pipe(other);
      }
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const balanced = new BalancedUser(userId, listener, target);
    await balanced.user.client.login({ userId, token: 't' });
    return balanced;
  }

  moveTo(target: number): void {
    this.#target = target;
  }

  async online(): Promise<void> {
    const { client, reports } = this.user;
    if (client.state !== 'online')
      await reports.next((report) => report.kind === 'state' && report.state === 'online', 'login', 30_000);
  }

  async close(): Promise<void> {
    await this.user.client.close();
    this.#listener.close();
  }
}
