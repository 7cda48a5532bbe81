import { describe, expect, it } from 'vitest';
import { parseHarnessCommand } from '../../src/conformance/harness-command.js';
import { parseHarnessOptions } from '../../src/conformance/harness-options.js';

describe('parseHarnessCommand', () => {
  it('has defaults for QoS, type and fingerprint of a message', () => {
    expect(parseHarnessCommand('{"cmd":"s2c","to":"a","text":"hi"}')).toEqual({
      cmd: 's2c',
      to: 'a',
      content: 'hi',
      qos: true,
      type: -1,
      fingerprint: undefined,
    });
  });

  it('accepts every member of a message', () => {
    expect(
      parseHarnessCommand('{"cmd":"s2c","to":"a","text":"hi","qos":false,"typeu":7,"fp":"F"}'),
    ).toMatchObject({ qos: false, type: 7, fingerprint: 'F' });
  });

  it('accepts a kick-out with and without a code and a reason', () => {
    expect(parseHarnessCommand('{"cmd":"kick","user":"a","code":9,"reason":"r"}')).toMatchObject({
      user: 'a',
      code: 9,
      reason: 'r',
    });
    expect(parseHarnessCommand('{"cmd":"kick","user":"a"}')).toMatchObject({ code: undefined });
  });

  it.each([
    ['garbage', 'one JSON object'],
    ['[]', 'one JSON object'],
    ['{"cmd":"fly"}', 'fly'],
    ['{"cmd":"s2c","text":"t"}', 'member to is missing'],
    ['{"cmd":"s2c","to":1,"text":"t"}', 'member to must be a string, got 1'],
    ['{"cmd":"kick","user":"a","code":"2"}', 'member code must be a number, got "2"'],
  ])('rejects %s', (line, problem) => {
    expect(() => parseHarnessCommand(line)).toThrow(problem);
  });
});

describe('parseHarnessOptions', () => {
  it('defaults to free ports on loopback and sense mode 3 s', () => {
    expect(parseHarnessOptions([])).toEqual({
      host: '127.0.0.1',
      ports: { tcp: 0, udp: 0, websocket: 0 },
      senseMode: 3,
      stampServerTime: false,
      tls: undefined,
    });
  });

  it('accepts every option', () => {
    const args = [
      '--host',
      '::1',
      '--tcp',
      '1',
      '--udp',
      '2',
      '--ws',
      '3',
      '--sense',
      '10',
      '--server-timestamp',
    ];
    expect(parseHarnessOptions(args)).toMatchObject({
      host: '::1',
      ports: { tcp: 1, udp: 2, websocket: 3 },
      senseMode: 10,
      stampServerTime: true,
    });
  });

  it.each([
    [['--sense', '4']],
    [['--tcp', '70000']],
    [['--udp', 'x']],
    [['--ws', '']],
    [['--tls-cert', 'f']],
    [['--fly']],
  ])('rejects %s', (args) => {
    expect(() => parseHarnessOptions(args)).toThrow();
  });
});
