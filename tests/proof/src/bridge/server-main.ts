import { type Broker, bridgeRoute, rabbitmqBroker } from '@imcore/bridge-rabbitmq';
import { createServer, silentLogger, tcp } from '@imcore/server';
import { sqliteStore } from '@imcore/store-sqlite';

/**
 * The server process: `node server-main.js FILE TCP-PORT [--early | --no-bridge]`, with the broker's URL in `IMCORE_BRIDGE`.
 * Prints JSON lines: its port, each state of the bridge, and its metrics for each line of input. With `--early` it
 * acknowledges too early, which the proof must detect.
 */
const EARLY_MS = 50;

const [file = '', port = '0', flag] = process.argv.slice(2);
const broker = rabbitmqBroker({ url: process.env['IMCORE_BRIDGE'] ?? '' });
const server = createServer({
  transports: [tcp({ host: '127.0.0.1', port: Number(port), senseMode: 3 })],
  store: sqliteStore({ file }),
  routes: flag === '--no-bridge' ? [] : [bridgeRoute(flag === '--early' ? answersEarly(broker) : broker)],
  logger: silentLogger,
});
const write = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
server.on('bridge', ({ state }) => write({ state, at: Date.now() }));
process.stdin.on('data', () => write({ metrics: server.metrics(), cpu: process.cpuUsage() }));
const [address] = await server.listen();
write({ port: address?.port });

/**
 * A broker that confirms at once and publishes a little later, whether that succeeds or not: the original does not wait for
 * confirmations either. In the other direction it takes a message a little before the server receives it.
 */
function answersEarly(broker: Broker): Broker {
  const later = (run: () => Promise<unknown>) => setTimeout(() => run().catch(() => {}), EARLY_MS);
  return {
    health: broker.health,
    start: (host) =>
      broker.start({
        receive: async (text) => {
          later(() => host.receive(text));
          return { outcome: 'taken' };
        },
        onJoined: () => host.onJoined(),
        onAway: (error) => host.onAway(error),
        onError: (error) => host.onError(error),
      }),
    publish: async (message) => {
      later(() => broker.publish(message));
    },
    close: () => broker.close(),
  };
}
