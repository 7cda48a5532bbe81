import { createClient, type ImClient, silentLogger, tcp } from '@imcore/client/node';

/** Wait between two messages of the probe, in milliseconds. */
const EVERY_MS = 25;

/** How long the last messages may take to arrive, in milliseconds. */
const LAST_MS = 5000;

/** What a probe has seen. */
interface ProbeResult {
  readonly sent: number;
  readonly lost: number;
  readonly p50Ms: number;
  readonly maxMs: number;
  /** How often one of its two users lost the link. */
  readonly disconnects: number;
}

/** Two ordinary users who write to each other over TCP while a server is under attack. */
export class Probe {
  readonly #alice: ImClient;
  readonly #bob: ImClient;
  readonly #latenciesMs: number[] = [];
  readonly #sentAt = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #count = 0;
  #disconnects = 0;

  private constructor(alice: ImClient, bob: ImClient) {
    this.#alice = alice;
    this.#bob = bob;
    for (const client of [alice, bob])
      client.on('linkLost', () => {
        this.#disconnects += 1;
      });
    bob.on('message', ({ content }) => this.#arrived(content));
    this.#timer = setInterval(() => this.#send(), EVERY_MS);
  }

  /** Logs the two users in and starts to send. */
  static async start(port: number): Promise<Probe> {
    const [alice, bob] = await Promise.all(['probe-alice', 'probe-bob'].map((id) => login(id, port)));
    if (alice === undefined || bob === undefined) throw new Error('a probe has two users');
    return new Probe(alice, bob);
  }

  /** Ends the probe, after its last messages had time to arrive. */
  async stop(): Promise<ProbeResult> {
    clearInterval(this.#timer);
    const until = performance.now() + LAST_MS;
    while (this.#sentAt.size > 0 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    const disconnects = this.#disconnects;
    await Promise.all([this.#alice.close(), this.#bob.close()]);
    const latencies = this.#latenciesMs.sort((a, b) => a - b);
    return {
      sent: this.#count,
      lost: this.#sentAt.size,
      p50Ms: latencies[latencies.length >> 1] ?? Number.NaN,
      maxMs: latencies.at(-1) ?? Number.NaN,
      disconnects,
    };
  }

  #send(): void {
    this.#count += 1;
    const content = String(this.#count);
    this.#sentAt.set(content, performance.now());
    this.#alice.send({ to: 'probe-bob', content }).catch(() => {});
  }

  #arrived(content: string): void {
    const sentAt = this.#sentAt.get(content);
    if (sentAt === undefined) return;
    this.#sentAt.delete(content);
    this.#latenciesMs.push(performance.now() - sentAt);
  }
}

async function login(userId: string, port: number): Promise<ImClient> {
  const client = createClient({ transport: tcp({ host: '127.0.0.1', port }), logger: silentLogger });
  await client.login({ userId });
  return client;
}
