import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { LOOPBACK, pickControlPort, planPorts, requireFree } from '../../src/dev/ports.js';

describe('planPorts', () => {
  it('derives the ports of the nodes from that of the control page', () => {
    expect(planPorts(8080, 2)).toEqual([
      { tcp: 8090, udp: 8090, webSocket: 8091, page: 8092 },
      { tcp: 8100, udp: 8100, webSocket: 8101, page: 8102 },
    ]);
  });

  it('gives no port twice, up to nine nodes', () => {
    const ports = [8080, ...planPorts(8080, 9).flatMap(({ tcp, webSocket, page }) => [tcp, webSocket, page])];
    expect(new Set(ports).size).toBe(28);
  });
});

describe('requireFree', () => {
  it('names each port that is taken, and its use', async () => {
    const control = await pickControlPort(2);
    const plan = planPorts(control, 2);
    const [first, second] = plan;
    const tcp = createServer().listen(first?.webSocket, LOOPBACK);
    const udp = createSocket('udp4');
    udp.bind(second?.udp, LOOPBACK);
    await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
    try {
      await expect(requireFree(control, plan)).rejects.toMatchObject({
        code: 'ERR_PORT_IN_USE',
        message:
          `Already in use: ${LOOPBACK}:${first?.webSocket} (WebSocket of node 1), ` +
          `${LOOPBACK}:${second?.udp} (UDP of node 2) (ERR_PORT_IN_USE)`,
      });
    } finally {
      tcp.close();
      udp.close();
    }
    await requireFree(control, plan);
  });

  it('checks the port of the control page', async () => {
    const server = createServer().listen(0, LOOPBACK);
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(requireFree(port, [])).rejects.toThrow(`Already in use: ${LOOPBACK}:${port} (control page)`);
    server.close();
  });
});
