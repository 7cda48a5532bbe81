import { ClusterError } from '@imcore/server';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/serve/create-logger.js';
import type { LogLevel } from '../../src/serve/settings.js';

function loggerWithOutput(logLevel: LogLevel, isTTY: boolean) {
  const written: string[] = [];
  const output = { isTTY, write: (text: string) => written.push(text) };
  return { logger: createLogger({ logLevel, logFormat: 'auto' }, output), written };
}

describe('createLogger', () => {
  it('writes JSON if the output is not a terminal', () => {
    const { logger, written } = loggerWithOutput('info', false);
    logger.info({ userId: 'alice' }, 'online');
    expect(written).toHaveLength(1);
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ level: 30, userId: 'alice', msg: 'online' });
  });

  it('writes text on a terminal', () => {
    const { logger, written } = loggerWithOutput('info', true);
    logger.warn(
      { limit: 'maxSessions', text: 'two words', gone: undefined, err: new Error('broken') },
      'a limit',
    );
    expect(written[0]).toMatch(
      /^\d\d:\d\d:\d\d warn {2}a limit limit=maxSessions text="two words" err=broken\n$/,
    );
  });

  it('writes the code of an error on a terminal, under which the reference explains it', () => {
    const { logger, written } = loggerWithOutput('info', true);
    logger.warn({ err: new ClusterError('ERR_CLUSTER_AWAY', 'NATS cannot be reached') }, 'away');
    expect(written[0]).toMatch(/ away err=ERR_CLUSTER_AWAY: NATS cannot be reached\n$/);
  });

  it.each([true, false])('lets no text of a peer control the terminal (terminal: %s)', (isTTY) => {
    const { logger, written } = loggerWithOutput('info', isTTY);
    const text = 'a\u009b31m\u202eb\u2028\nc\u001b]0;x\u0007';
    logger.warn({ userId: text, [text]: 1, fingerprints: [text], err: new Error(text) }, text);
    expect(written).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come.
    expect(written[0]).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u202e]+\n$/);
    expect(written[0]).toContain('a\\u009b31m\\u202eb');
    if (!isTTY) expect(JSON.parse(written[0] ?? '')).toMatchObject({ userId: text, fingerprints: [text] });
  });

  it.each([true, false])('writes nothing below its level (terminal: %s)', (isTTY) => {
    const { logger, written } = loggerWithOutput('warn', isTTY);
    logger.debug({}, 'a');
    logger.info({}, 'b');
    logger.warn({}, 'c');
    logger.error({}, 'd');
    expect(written).toHaveLength(2);
  });

  it.each([true, false])('reports which levels it writes (terminal: %s)', (isTTY) => {
    const { logger } = loggerWithOutput('warn', isTTY);
    const levels = ['trace', 'debug', 'info', 'warn', 'error'].filter((level) =>
      logger.isLevelEnabled?.(level),
    );
    expect(levels).toEqual(['warn', 'error']);
  });

  it('flushes the output after warnings and errors', () => {
    let flushes = 0;
    const output = { write: () => {}, flush: () => void flushes++ };
    const logger = createLogger({ logLevel: 'info', logFormat: 'json' }, output);
    logger.info({}, 'online');
    expect(flushes).toBe(0);
    logger.warn({}, 'a limit');
    expect(flushes).toBe(1);
    logger.error({}, 'broken');
    expect(flushes).toBe(2);
  });

  it.each([true, false])('can be silent (terminal: %s)', (isTTY) => {
    const { logger, written } = loggerWithOutput('silent', isTTY);
    logger.error({}, 'x');
    expect(written).toEqual([]);
  });
});
