import type { BinaryString } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import type { Direction, LinkConditions } from '../src/network/link-conditions.js';
import type { SimulatedLink } from '../src/network/simulated-link.js';
import { SimulatedNetwork } from '../src/network/simulated-network.js';
import type { StreamEnd } from '../src/network/stream-end.js';
import { SeededRandom } from '../src/seeded-random.js';
import { VirtualClock } from '../src/virtual-clock.js';

const PORT = 7000;

interface Bench {
  readonly clock: VirtualClock;
  readonly network: SimulatedNetwork;
  readonly link: SimulatedLink;
  readonly fates: string[];
}

function bench(conditions: Partial<LinkConditions> = {}, seed = 1): Bench {
  const clock = new VirtualClock();
  const fates: string[] = [];
  const network = new SimulatedNetwork({
    clock,
    random: new SeededRandom(seed),
    conditions,
    observe: (address: string, direction: Direction, fate) => fates.push(`${address} ${direction} ${fate}`),
  });
  return { clock, network, link: network.link('10.0.0.1'), fates };
}

/** Records the events of an end of a stream. */
class Witness {
  text = '';
  readonly chunks: BinaryString[] = [];
  readonly events: string[] = [];

  constructor(end: StreamEnd) {
    end.attach({
      opened: () => this.events.push('opened'),
      data: (bytes) => {
        this.text += bytes;
        this.chunks.push(bytes);
      },
      drained: () => this.events.push('drained'),
      closed: () => this.events.push('closed'),
    });
  }
}

function openStream({ network, link, clock }: Bench) {
  const servers: { end: StreamEnd; witness: Witness }[] = [];
  network.listenStreams(PORT, (end) => servers.push({ end, witness: new Witness(end) }));
  const client = link.connectStream(PORT);
  const clientWitness = new Witness(client);
  clock.advance(1000);
  const server = servers[0];
  if (server === undefined) throw new Error('the stream was not accepted');
  return { client, clientWitness, server: server.end, serverWitness: server.witness };
}

describe('a simulated datagram link', () => {
  const send = (from: Bench, count: number): BinaryString[] => {
    const arrived: BinaryString[] = [];
    from.network.listenDatagrams(PORT, ({ bytes }) => arrived.push(bytes));
    const socket = from.link.openDatagrams(PORT, () => {});
    for (let i = 0; i < count; i++) {
      socket.send(`${i}`);
      from.clock.advance(1);
    }
    from.clock.advance(1000);
    return arrived;
  };

  it('delivers each datagram after the latency', () => {
    const b = bench({ latencyMs: [20, 20] });
    const arrivals: number[] = [];
    b.network.listenDatagrams(PORT, () => arrivals.push(b.clock.now()));
    b.link.openDatagrams(PORT, () => {}).send('x');
    b.clock.advance(100);
    expect(arrivals).toEqual([20]);
  });

  it('loses datagrams with the given probability, and reports the direction', () => {
    const b = bench({ loss: 0.2 });
    const arrived = send(b, 5000);
    expect(Math.abs(arrived.length - 4000)).toBeLessThan(200);
    expect(b.fates).toHaveLength(5000 - arrived.length);
    expect(new Set(b.fates)).toEqual(new Set(['10.0.0.1 to-server lost']));
  });

  it('duplicates datagrams with the given probability', () => {
    const arrived = send(bench({ duplication: 0.1 }), 5000);
    expect(new Set(arrived).size).toBe(5000);
    expect(Math.abs(arrived.length - 5500)).toBeLessThan(150);
  });

  it('reorders datagrams when latencies differ', () => {
    const numbers = send(bench({ latencyMs: [1, 50] }), 100).map(Number);
    expect(numbers).toHaveLength(100);
    expect(numbers).not.toEqual([...numbers].sort((a, b) => a - b));
  });

  it('does the same for the same seed', () => {
    const conditions = { loss: 0.2, duplication: 0.2, latencyMs: [1, 50] } as const;
    expect(send(bench(conditions, 5), 200)).toEqual(send(bench(conditions, 5), 200));
    expect(send(bench(conditions, 5), 200)).not.toEqual(send(bench(conditions, 6), 200));
  });

  it('loses datagrams during a partition of one or both directions', () => {
    const b = bench();
    const arrived: BinaryString[] = [];
    const answers: BinaryString[] = [];
    const listening = b.network.listenDatagrams(PORT, ({ bytes, address, port }) => {
      arrived.push(bytes);
      listening.send(`re: ${bytes}`, address, port);
    });
    const socket = b.link.openDatagrams(PORT, (bytes) => answers.push(bytes));
    const step = (text: string, change: () => void) => {
      change();
      socket.send(text);
      b.clock.advance(10);
    };
    step('a', () => b.link.partition());
    step('b', () => b.link.heal());
    step('c', () => b.link.partition(['to-client']));
    step('d', () => b.link.heal());
    expect(arrived).toEqual(['b', 'c', 'd']);
    expect(answers).toEqual(['re: b', 're: d']);
  });

  it('has another client port after a rebind, and ignores datagrams to the old one', () => {
    const b = bench();
    const ports: number[] = [];
    const answers: BinaryString[] = [];
    const listening = b.network.listenDatagrams(PORT, ({ port }) => ports.push(port));
    const socket = b.link.openDatagrams(PORT, (bytes) => answers.push(bytes));
    socket.send('a');
    b.clock.advance(10);
    b.link.rebind();
    socket.send('b');
    b.clock.advance(10);
    for (const port of ports) listening.send(`to ${port}`, b.link.address, port);
    b.clock.advance(10);
    expect(ports[0]).not.toBe(ports[1]);
    expect(answers).toEqual([`to ${ports[1]}`]);
  });
});

describe('a simulated stream', () => {
  it('delivers bytes in order, in chunks, despite loss', () => {
    const b = bench({ latencyMs: [1, 50], loss: 0.2, splitting: 0.5 });
    const { client, serverWitness } = openStream(b);
    let sent = '';
    for (let i = 0; i < 200; i++) {
      const text = `message ${i};`;
      sent += text;
      client.write(text);
      b.clock.advance(3);
    }
    b.clock.advance(1000);
    expect(serverWitness.text).toBe(sent);
    expect(serverWitness.chunks.length).toBeGreaterThan(250);
  });

  it('joins bytes that are written at the same instant', () => {
    const b = bench();
    const { client, serverWitness } = openStream(b);
    client.write('a');
    client.write('b');
    b.clock.advance(10);
    expect(serverWitness.chunks).toEqual(['ab']);
  });

  it('closes when no server listens', () => {
    const b = bench();
    const witness = new Witness(b.link.connectStream(PORT));
    b.clock.advance(10);
    expect(witness.events).toEqual(['closed']);
    expect(b.clock.pending).toBe(0);
  });

  it('closes at both ends, after the bytes that were written before', () => {
    const b = bench();
    const { client, clientWitness, serverWitness } = openStream(b);
    client.write('bye');
    client.end();
    b.clock.advance(10);
    expect(serverWitness.text).toBe('bye');
    expect(serverWitness.events).toEqual(['closed']);
    expect(clientWitness.events).toEqual(['opened', 'closed']);
    expect(b.clock.pending).toBe(0);
  });

  it('applies backpressure when the reader is slow', () => {
    const b = bench();
    const { client, clientWitness, server, serverWitness } = openStream(b);
    server.pause();
    const block = 'x'.repeat(10_000);
    let blocks = 0;
    while (client.write(block)) blocks += 1;
    b.clock.advance(100);
    expect(blocks).toBeGreaterThan(5);
    expect(client.bufferedBytes).toBeGreaterThan(0);
    expect(clientWitness.events).toEqual(['opened']);
    server.resume();
    b.clock.advance(100);
    expect(client.bufferedBytes).toBe(0);
    expect(serverWitness.text).toHaveLength((blocks + 1) * block.length);
    expect(clientWitness.events).toEqual(['opened', 'drained']);
  });

  it('delays bytes during a partition', () => {
    const b = bench();
    const { client, serverWitness } = openStream(b);
    b.link.partition();
    client.write('a');
    b.clock.advance(60_000);
    client.write('b');
    expect(serverWitness.text).toBe('');
    b.link.heal();
    b.clock.advance(10);
    expect(serverWitness.text).toBe('ab');
  });

  it('delays one direction during a partition of that direction', () => {
    const b = bench();
    const { client, clientWitness, server, serverWitness } = openStream(b);
    b.link.partition(['to-client']);
    client.write('up');
    server.write('down');
    b.clock.advance(1000);
    expect([serverWitness.text, clientWitness.text]).toEqual(['up', '']);
  });

  it('cancels an opening that was closed during a partition', () => {
    const b = bench();
    const accepted: StreamEnd[] = [];
    b.network.listenStreams(PORT, (end) => accepted.push(end));
    b.link.partition();
    const end = b.link.connectStream(PORT);
    b.clock.advance(1000);
    end.end();
    b.link.heal();
    b.clock.advance(1000);
    expect(accepted).toEqual([]);
    expect(end.isClosed).toBe(true);
    expect(b.clock.pending).toBe(0);
  });

  it('loses bytes in transit when it is cut, and closes at both ends', () => {
    const b = bench({ latencyMs: [10, 10] });
    const { client, clientWitness, serverWitness } = openStream(b);
    client.write('lost');
    b.link.cut();
    b.clock.advance(100);
    expect(serverWitness.text).toBe('');
    expect([clientWitness.events, serverWitness.events]).toEqual([['opened', 'closed'], ['closed']]);
    expect(b.clock.pending).toBe(0);
  });

  it('loses everything when it is half-open, without closing the other end', () => {
    const b = bench();
    const { client, clientWitness, server, serverWitness } = openStream(b);
    b.link.freeze();
    client.write('a');
    server.write('b');
    client.end();
    b.clock.advance(60_000);
    expect([clientWitness.text, serverWitness.text]).toEqual(['', '']);
    expect(clientWitness.events).toEqual(['opened', 'closed']);
    expect(serverWitness.events).toEqual([]);
    const next = new Witness(b.link.connectStream(PORT));
    b.clock.advance(10);
    expect(next.events).toEqual(['opened']);
  });

  it('drops the last bytes of an ended stream that the reader does not read', () => {
    const b = bench();
    const { client, clientWitness, server } = openStream(b);
    server.pause();
    client.write('x'.repeat(200_000));
    client.end();
    b.clock.advance(4999);
    expect(clientWitness.events).toEqual(['opened']);
    b.clock.advance(10);
    expect(clientWitness.events).toEqual(['opened', 'closed']);
  });
});

describe('a simulated network', () => {
  it('assigns free ports, and no port twice', () => {
    const { network } = bench();
    const first = network.listenStreams(0, () => {});
    expect(() => network.listenStreams(first.port, () => {})).toThrow(RangeError);
    first.close();
    expect(network.listenStreams(first.port, () => {}).port).toBe(first.port);
  });
});
