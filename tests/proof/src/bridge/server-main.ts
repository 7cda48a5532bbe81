import { rabbitmq } from '@imcore/bridge-rabbitmq';
import { type Bridge, createServer, silentLogger, tcp } from '@imcore/server';
import { sqliteStore } from '@imcore/store-sqlite';

/**
 * The server under proof: a process that is killed. `node server-main.js FILE TCP-PORT [--early]`, the broker's URL in
 * `IMCORE_BRIDGE`. Writes a line of JSON with its port, then one for each time that the bridge joins or goes away, and
 * its metrics when it is sent a line. With `--early` it breaks the promise on purpose, with `--no-bridge` it has none.
 */
const EARLY_MS = 50;

const [file = '', port = '0', flag] = process.argv.slice(2);
const real = rabbitmq({ url: process.env['IMCORE_BRIDGE'] ?? '' });
const server = createServer({
  transports: [tcp({ host: '127.0.0.1', port: Number(port), senseMode: 3 })],
  store: sqliteStore({ file }),
  bridge: flag === '--no-bridge' ? undefined : flag === '--early' ? answersEarly(real) : real,
  logger: silentLogger,
});
const write = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
server.on('bridge', ({ state }) => write({ state, at: Date.now() }));
process.stdin.on('data', () => write({ metrics: server.metrics(), cpu: process.cpuUsage() }));
const [address] = await server.listen();
write({ port: address?.port });

/**
 * A bridge that says "published" at once and publishes a little later, whatever becomes of it: the original does not wait
 * for the broker's word either. In the other direction it answers for a message a little before it hands it in.
 */
function answersEarly(bridge: Bridge): Bridge {
  const later = (run: () => Promise<unknown>) => setTimeout(() => run().catch(() => {}), EARLY_MS);
  return {
    start: (host) =>
      bridge.start({
        receive: async (text) => {
          later(() => host.receive(text));
          return { outcome: 'taken' };
        },
        joined: () => host.joined(),
        away: (error) => host.away(error),
        troubled: (error) => host.troubled(error),
      }),
    publish: async (message) => {
      later(() => bridge.publish(message));
    },
    close: () => bridge.close(),
  };
}
