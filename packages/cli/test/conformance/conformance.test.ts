import { tcp } from '@imcore/client/node';
import { createServer, memoryStore, silentLogger, tcp as tcpTransport } from '@imcore/server';
import { describe, expect, it } from 'vitest';
import { type CaseResult, runCases } from '../../src/conformance/run-cases.js';
import { DEFECTS } from './defects.js';
import { type Tampering, TamperingProxy } from './tampering-proxy.js';

interface Setting {
  /** Default: those of a server with a store. */
  readonly options?: Partial<Parameters<typeof createServer>[0]>;
  readonly tampering?: Tampering;
}

/** Runs all cases against a server behind a proxy. */
async function check({ options, tampering = {} }: Setting = {}): Promise<CaseResult[]> {
  const transports = [tcpTransport({ port: 0, host: '127.0.0.1' })];
  const server = createServer({ transports, store: memoryStore(), logger: silentLogger, ...options });
  const [address] = await server.listen();
  const proxy = await TamperingProxy.start(address?.port ?? 0, tampering);
  try {
    const transport = tcp({ host: '127.0.0.1', port: proxy.port });
    const target = { url: `tcp://127.0.0.1:${proxy.port}`, transport };
    return await runCases([target], { userPrefix: 'test', token: '', timeoutMs: 5000 });
  } finally {
    await proxy.close();
    await server.close();
  }
}

const failuresOf = (results: readonly CaseResult[]): CaseResult[] =>
  results.filter(({ outcome }) => outcome === 'failed');

const idsOf = (results: readonly CaseResult[], outcome: CaseResult['outcome']): string[] =>
  results.filter((result) => result.outcome === outcome).map(({ id }) => id);

describe('the cases', () => {
  it('all pass for our server', async () => {
    const results = await check();
    expect(failuresOf(results)).toEqual([]);
    expect(idsOf(results, 'not applicable')).toEqual(['X2', 'S6', 'S8', 'S10', 'S11']);
    expect(idsOf(results, 'not offered')).toEqual([]);
  });

  it('of the extension are not offered by a server without a store', async () => {
    const results = await check({ options: { store: undefined } });
    expect(failuresOf(results)).toEqual([]);
    const passed = Array.from({ length: 15 }, (_, index) => `V${index + 1}`).filter((id) => id !== 'V14');
    expect(idsOf(results, 'passed')).toEqual([...passed, 'X1', 'X4']);
  });

  it('cannot run if the server rejects the login', async () => {
    const authenticate = () => ({ accept: false, code: 1025 }) as const;
    await expect(check({ options: { hooks: { authenticate } } })).rejects.toMatchObject({
      name: 'Unmet',
      seen: expect.stringContaining('\\"code\\":1025'),
    });
  });
});

describe('a server that', () => {
  it.concurrent.each(DEFECTS)('$name fails $found, and nothing else', async ({ found, tampering }) => {
    const failures = failuresOf(await check({ tampering: tampering() }));
    expect(failures.map(({ id, seen }) => `${id}, saw ${seen}`)).toEqual([
      expect.stringMatching(new RegExp(`^${found},`)),
    ]);
  });
});
