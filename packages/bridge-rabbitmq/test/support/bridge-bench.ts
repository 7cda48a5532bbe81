import type { Route } from '../../../server/src/ports/route.js';
import { Bench, type BenchOptions } from '../../../server/test/support/bench.js';
import { BridgeRoute } from '../../src/bridge-route.js';
import type { Broker } from '../../src/broker.js';

/** A {@link Bench} whose server has a bridge to this broker. */
interface BridgeBenchOptions extends Omit<BenchOptions, 'routes'> {
  readonly broker: Broker;
  readonly maxRemembered?: number;
}

/** A server with a bridge, in virtual time. */
export function createBench({ broker, maxRemembered, ...options }: BridgeBenchOptions): Bench {
  // The bench's types are those of the server's sources, the bridge's those of its build.
  const route = new BridgeRoute(broker, undefined, maxRemembered) as unknown as Route;
  return new Bench({ ...options, routes: [route] });
}

/** The same, listening. */
export async function openBench(options: BridgeBenchOptions): Promise<Bench> {
  const bench = createBench(options);
  await bench.server.listen();
  return bench;
}
