import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasNats } from '../../packages/cluster-nats/test/nats-server.js';
import { canMakeCluster } from '../../packages/store-postgres/test/private-cluster.js';

interface Run {
  readonly code: number | null;
  readonly lastLine: string;
  readonly errors: string;
}

/** Runs a built proof, as `npm run proof:NAME` does. */
async function prove(name: string, ...args: string[]): Promise<Run> {
  const program = fileURLToPath(new URL(`../proof/dist/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const lastLine = output.trim().split('\n').at(-1) ?? '';
  console.info(`${name} ${args.join(' ')}: ${lastLine === '' ? errors : lastLine}`);
  return { code, lastLine, errors };
}

const TIMEOUT_MS = 400_000;

/** What a proof detects it detects by chance: kills and cuts are at random instants. */
const DETECTION = { timeout: TIMEOUT_MS, retry: 2 };

describe('the crash proof', () => {
  it(
    'finds no message missing, duplicated or out of order after 25 kills',
    async () => {
      const { code, lastLine } = await prove('crash', '--kills', '25');
      expect(lastLine).toMatch(
        /^25 kills in .* acknowledged, 0 missing, 0 duplicated, 0 out of order; devices: [1-9]\d* to deliver, 0 missing, 0 duplicated, 0 out of order, 0 in gaps$/,
      );
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it('detects a server that acknowledges too early, at v6 clients and at devices', DETECTION, async () => {
    const { code, lastLine } = await prove('crash', '--kills', '6', '--early');
    expect(lastLine).toMatch(/ [1-9]\d* missing,.*; devices: .* [1-9]\d* missing/);
    expect(code).toBe(1);
  });

  it(
    'detects a server that leaves out entries of logs, and a device that forgets what it has got',
    DETECTION,
    async () => {
      const { code, lastLine } = await prove('crash', '--kills', '6', '--hide', '--forget');
      expect(lastLine).toMatch(/; devices: .* [1-9]\d* duplicated,.* [1-9]\d* in gaps$/);
      expect(code).toBe(1);
    },
  );

  it(
    'finds no message missing, duplicated or out of order after 25 kills of senders with an outbox, of devices and of the server',
    async () => {
      const { code, lastLine } = await prove('crash', '--clients', '--kills', '25');
      expect(lastLine).toMatch(
        /^\d+ kills .* accepted, 0 missing, 0 duplicated, 0 out of order; devices: [1-9]\d* to deliver, 0 missing, 0 duplicated, 0 out of order, 0 in gaps$/,
      );
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it('detects senders that accept messages without an outbox within 20 kills', DETECTION, async () => {
    const { code, lastLine } = await prove('crash', '--clients', '--kills', '20', '--early');
    expect(lastLine).toMatch(/ [1-9]\d* missing/);
    expect(code).toBe(1);
  });

  it('detects devices that acknowledge before they have written down', DETECTION, async () => {
    const { code, lastLine } = await prove('crash', '--clients', '--kills', '10', '--late');
    expect(lastLine).toMatch(/; devices: .* [1-9]\d* missing/);
    expect(code).toBe(1);
  });

  it(
    'finds no message missing, duplicated or out of order after 8 kills of workers',
    async () => {
      const { code, lastLine } = await prove('crash', '--workers', '--kills', '8');
      expect(lastLine).toMatch(/^8 kills of workers .* 0 missing, 0 duplicated, 0 out of order/);
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it('rejects an invalid number of kills', async () => {
    expect(await prove('crash', '--kills', 'many')).toMatchObject({ code: 2 });
  });
});

describe('the proof of restored backups', () => {
  it(
    'finds nothing missing after 2 restored backups, and that every device was told',
    async () => {
      const { code, lastLine } = await prove('backup', '--restores', '2');
      expect(lastLine).toMatch(
        /^2 restored backups in .* acknowledged .*, 0 missing, 0 devices not told, 0 needless gaps$/,
      );
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it('detects a copy that keeps the epoch', DETECTION, async () => {
    const { code, lastLine } = await prove('backup', '--restores', '1', '--keep-epoch');
    expect(lastLine).toMatch(/ [1-9]\d* devices not told/);
    expect(code).toBe(1);
  });

  it('rejects an invalid number of restores', async () => {
    expect(await prove('backup', '--restores', 'many')).toMatchObject({ code: 2 });
  });
});

describe('the proof of changes of transport', () => {
  it(
    'finds no message missing, duplicated or out of order after 60 changes',
    async () => {
      const { code, lastLine } = await prove('transports', '--changes', '60');
      expect(lastLine).toMatch(
        /^60 changes in .* acknowledged, 0 missing, 0 duplicated, 0 out of order, 0 in gaps; resumed after /,
      );
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it('detects a device that forgets what it has been given', DETECTION, async () => {
    const { code, lastLine } = await prove('transports', '--changes', '30', '--forget');
    expect(lastLine).toMatch(/ [1-9]\d* duplicated/);
    expect(code).toBe(1);
  });

  it('rejects an invalid number of changes', async () => {
    expect(await prove('transports', '--changes', 'many')).toMatchObject({ code: 2 });
  });
});

describe('the replay proof', () => {
  it(
    'delivers all waiting messages to an original client once, in order and unaltered',
    async () => {
      const { code, lastLine } = await prove('replay', '--messages', '10000');
      expect(lastLine).toMatch(
        /^10000 waiting, 0 missing, 0 duplicated, 0 out of order, 0 altered, .* ms from the login/,
      );
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );
});

describe.runIf(canRecord())('the power-loss proof', () => {
  it(
    'finds no fault after 24 power cuts',
    async () => {
      const { code, lastLine } = await prove('power', '--cuts', '24');
      expect(lastLine).toMatch(
        /^24 power cuts in .* 0 missing \(0 at devices\), 0 reappeared, 0 damaged, 0 out of order, 0 disks/,
      );
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it.each(['--synchronous=off', '--synchronous=normal', '--early'])(
    'detects missing messages with %s',
    DETECTION,
    async (how) => {
      const { code, lastLine } = await prove('power', '--cuts', '12', how);
      expect(lastLine).toMatch(how === '--early' ? / missing \([1-9]\d* at devices\)/ : / [1-9]\d* missing/);
      expect(code).toBe(1);
    },
  );
});

describe.runIf(canRestartBroker())('the bridge proof', () => {
  it(
    'finds no message missing or duplicated after 3 restarts of the broker',
    async () => {
      const { code, lastLine } = await prove('bridge/restarts', '--restarts', '3', '--rate', '500');
      expect(lastLine).toMatch(
        /^3 restarts in .* acknowledged, 0 missing \(.*\), 0 duplicated, 0 dead letters/,
      );
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it('detects a bridge that acknowledges too early, in both directions', DETECTION, async () => {
    const { code, lastLine } = await prove('bridge/restarts', '--restarts', '2', '--rate', '500', '--early');
    expect(lastLine).toMatch(/ missing \([1-9]\d* to the Web edition, [1-9]\d* from it\)/);
    expect(code).toBe(1);
  });

  it('rejects an invalid number of restarts', async () => {
    expect(await prove('bridge/restarts', '--restarts', 'many')).toMatchObject({ code: 2 });
  });
});

describe.runIf(canBreakCluster())('the cluster proof', () => {
  it(
    'finds nothing missing, duplicated, out of order or left behind after two minutes of faults',
    async () => {
      const { code, lastLine } = await prove('cluster', '--minutes', '2');
      expect(lastLine).toMatch(
        / acknowledged, 0 missing, 0 duplicated, 0 out of order, 0 late,.* nodes agree$/,
      );
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['that acknowledge before they append', 'early', / [1-9]\d* (late|missing)/],
    ['that neither hint nor sweep', 'deaf', / [1-9]\d* (late|not recovered)/],
    ['that ignore the sessions of others', 'blind', / [1-9]\d* online twice|nodes do not agree$/],
  ])('detects nodes %s', DETECTION, async (_name, fault, expected) => {
    const { code, lastLine } = await prove('cluster', '--minutes', '2', '--fault', fault);
    expect(lastLine).toMatch(expected);
    expect(code).toBe(1);
  });

  it('rejects an invalid fault', async () => {
    expect(await prove('cluster', '--fault', 'none')).toMatchObject({ code: 2 });
  });
});

/** The proof needs a NATS and a PostgreSQL server that it can start. */
function canBreakCluster(): boolean {
  if (process.env['CI'] === 'true') return true;
  const canStart = hasNats() && canMakeCluster();
  if (!canStart) console.warn('SKIPPED: the cluster proof');
  return canStart;
}

/** The proof needs a RabbitMQ server that it can start. */
function canRestartBroker(): boolean {
  if (process.env['CI'] === 'true') return true;
  const program = '/usr/lib/rabbitmq/bin/rabbitmq-server';
  if (!existsSync(program)) console.warn(`SKIPPED: the bridge proof: there is no ${program}`);
  return existsSync(program);
}

/** The proof needs gcc and Linux for its recorder. */
function canRecord(): boolean {
  if (process.env['CI'] === 'true') return true;
  const missing = process.platform === 'linux' ? whyNoCompiler() : `${process.platform} has no LD_PRELOAD`;
  if (missing !== undefined) console.warn(`SKIPPED: the power-loss proof: ${missing}`);
  return missing === undefined;
}

function whyNoCompiler(): string | undefined {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'gcc is not installed';
  }
}
