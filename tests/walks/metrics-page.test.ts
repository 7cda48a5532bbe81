/**
 * A page in the text format of Prometheus shows all metrics of a server. The seam is the table `SERVER_METRICS`, which says
 * what each metric is, and `server.metricSamples()`, which has the values.
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '@imcore/client/node';
import { createServer, type ImServer, SERVER_METRICS, tcp, websocket } from '@imcore/server';
import { expect, it } from 'vitest';

function metricsPage(server: ImServer): string {
  const samples = server.metricSamples();
  const blocks = Object.entries(SERVER_METRICS).map(([metric, { kind, help }]) => {
    const name = `imcore_${metric.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)}`;
    const lines = samples
      .filter((sample) => sample.name === metric)
      .map(({ labels, value }) => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
        return `${name}${pairs.length > 0 ? `{${pairs.join()}}` : ''} ${value}`;
      });
    return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines, ''].join('\n');
  });
  return blocks.join('');
}

it('shows every metric on a page', async () => {
  const host = '127.0.0.1';
  const server = createServer({ transports: [tcp({ host, port: 0 }), websocket({ host, port: 0 })] });
  const [address] = await server.listen();
  const page = createHttpServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end(metricsPage(server));
  });
  await new Promise<void>((resolve) => page.listen(0, host, resolve));
  const alice = createClient({ url: `tcp://${host}:${address?.port}` });
  await alice.login({ userId: 'alice' });

  const response = await fetch(`http://${host}:${(page.address() as AddressInfo).port}/metrics`);
  const text = await response.text();
  expect(text).toContain(`# HELP imcore_sessions_open sessions that are open, logged in or not
# TYPE imcore_sessions_open gauge
imcore_sessions_open{transport="tcp"} 1
imcore_sessions_open{transport="websocket"} 0
`);
  expect(text).toContain('# TYPE imcore_logins_accepted counter\nimcore_logins_accepted 1\n');
  expect(text.match(/^# TYPE/gm)).toHaveLength(Object.keys(server.metrics()).length);
  expect(text).toMatch(/^(#.*\n|\w+(\{transport="\w+"\})? \d+\n)+$/);
  await alice.close();
  await new Promise((resolve) => page.close(resolve));
  await server.close();
});
