import { randomBytes } from 'node:crypto';
import { type CuttingProxy, startCuttingProxy } from '../../store-postgres/test/cutting-proxy.js';
import { port, url } from '../../store-postgres/test/database-under-test.js';
import { type PostgresClusterOptions, readOptions, type Settings } from '../src/options.js';
import { PostgresCluster } from '../src/postgres-cluster.js';

export { hasPostgres, port, query, url } from '../../store-postgres/test/database-under-test.js';

/** A name of a cluster that no other test has. */
export function ownName(): string {
  return `t${randomBytes(6).toString('hex')}`;
}

/** A node with short waits, and with what else of its settings the test changes. */
export function createNode(
  options: PostgresClusterOptions,
  changed: Partial<Settings> = {},
): PostgresCluster {
  const waits = { minBackoffMs: 20, maxBackoffMs: 100 };
  return new PostgresCluster({ ...readOptions(options), ...waits, ...changed });
}

/** A way to the database under test that can be closed and opened again. */
export class BreakableWay {
  readonly #proxyPort: number;
  #proxy: CuttingProxy;

  private constructor(proxy: CuttingProxy) {
    this.#proxy = proxy;
    this.#proxyPort = proxy.port;
  }

  static async open(): Promise<BreakableWay> {
    return new BreakableWay(await startCuttingProxy(port));
  }

  get url(): string {
    const way = new URL(url);
    way.port = String(this.#proxyPort);
    return way.href;
  }

  interrupt(): Promise<void> {
    return this.#proxy.close();
  }

  async restore(): Promise<void> {
    this.#proxy = await startCuttingProxy(port, this.#proxyPort);
  }

  hang(): void {
    this.#proxy.blackHole();
  }
}
