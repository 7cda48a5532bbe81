import { beforeEach, describe, expect, it } from 'vitest';
import type { ServerEvents } from '../src/events.js';
import type { RejectionReason, SocketAdmission } from '../src/ports/transport.js';
import { AddressTable } from '../src/sessions/address-table.js';
import { Admission } from '../src/sessions/admission.js';
import { OpenFiles } from '../src/sessions/open-files.js';
import { createRuntime } from './support/runtime.js';

const LIMITS = { maxSessions: 5, maxSessionsPerAddress: 2, loginTimeoutMs: 1000 };

describe('Admission', () => {
  let runtime: ReturnType<typeof createRuntime>;
  let admission: Admission;
  let timedOut: string[];
  let limited: ServerEvents['limited'][];

  beforeEach(() => {
    runtime = createRuntime(undefined, LIMITS);
    const addresses = new AddressTable({ ...runtime.limits, isExempt: (address) => address === '127.0.0.1' });
    admission = new Admission(runtime, addresses, new OpenFiles(() => 64));
    timedOut = [];
    limited = [];
    runtime.events.on('limited', (event) => limited.push(event));
  });

  const admit = (remoteAddress: string, fileDescriptor?: number): SocketAdmission | RejectionReason =>
    admission.admit({
      remoteAddress,
      remotePort: 4000,
      fileDescriptor,
      loginTimedOut: () => timedOut.push(remoteAddress),
    });

  const admitted = (remoteAddress: string): SocketAdmission => {
    const socket = admit(remoteAddress);
    if (typeof socket === 'string') throw new Error(`rejected: ${socket}`);
    return socket;
  };

  it('counts sockets of one address until they are released, once each', () => {
    const first = admitted('192.0.2.1');
    admitted('192.0.2.1');
    expect(admit('192.0.2.1')).toBe('sessions-per-address');
    first.release();
    first.release();
    expect(admit('192.0.2.1')).toBeTypeOf('object');
    expect(admit('192.0.2.1')).toBe('sessions-per-address');
    expect(limited[0]).toEqual({
      limit: 'maxSessionsPerAddress',
      value: 2,
      remoteAddress: '192.0.2.1',
      userId: undefined,
    });
    expect(runtime.metrics).toMatchObject({ limitSessionsPerAddress: 2, sessionsRejected: 2 });
  });

  it('counts sockets and sessions without a socket together', () => {
    for (const host of [1, 2, 3, 4]) admitted(`192.0.2.${host}`);
    expect(admission.enter('192.0.2.5')).toBeUndefined();
    expect([admit('192.0.2.6'), admission.enter('192.0.2.6')]).toEqual(['sessions', 'sessions']);
    admission.leave('192.0.2.5');
    expect(admit('192.0.2.6')).toBeTypeOf('object');
    expect(runtime.metrics.limitSessions).toBe(2);
  });

  it('counts a socket that has become a session until the session is gone', () => {
    const socket = admitted('192.0.2.1');
    admitted('192.0.2.1');
    socket.becomeSession({ loginTimedOut: () => {} });
    socket.release();
    expect(admit('192.0.2.1')).toBe('sessions-per-address');
    admission.leave('192.0.2.1');
    expect(admit('192.0.2.1')).toBeTypeOf('object');
  });

  it('ends a socket, or the session on it, at the deadline', () => {
    admitted('192.0.2.1');
    admitted('192.0.2.2').becomeSession({ loginTimedOut: () => timedOut.push('session') });
    expect(runtime.metrics.socketsWithoutLogin).toBe(2);
    runtime.clock.advance(999);
    expect(timedOut).toEqual([]);
    runtime.clock.advance(1);
    expect(timedOut).toEqual(['192.0.2.1', 'session']);
    expect(limited).toMatchObject([
      { limit: 'loginTimeoutMs', value: 1000, remoteAddress: '192.0.2.1' },
      { limit: 'loginTimeoutMs', value: 1000, remoteAddress: '192.0.2.2' },
    ]);
    expect(runtime.metrics).toMatchObject({ limitLoginTimeout: 2, socketsWithoutLogin: 0 });
  });

  it('does not end a socket whose deadline has ended or that is closed', () => {
    const [first, second] = [admitted('192.0.2.1'), admitted('192.0.2.1')];
    first.endDeadline();
    first.endDeadline();
    second.release();
    expect(runtime.metrics.socketsWithoutLogin).toBe(0);
    runtime.clock.advance(1000);
    expect(timedOut).toEqual([]);
    admitted('192.0.2.1');
    expect(admit('192.0.2.1')).toBe('sessions-per-address');
  });

  it('moves a socket from the address of a proxy to the address of its peer', () => {
    const sockets = ['127.0.0.1', '127.0.0.1', '127.0.0.1'].map(admitted);
    expect(sockets.map((socket) => socket.moveTo('192.0.2.1', 0))).toEqual([
      undefined,
      undefined,
      'sessions-per-address',
    ]);
    expect(sockets.map(({ remoteAddress }) => remoteAddress)).toEqual([
      '192.0.2.1',
      '192.0.2.1',
      '127.0.0.1',
    ]);
    sockets[0]?.release();
    expect(sockets[2]?.moveTo('192.0.2.1', 0)).toBeUndefined();
    expect(sockets[2]?.moveTo('192.0.2.1', 0)).toBeUndefined();
  });

  it('rejects a socket when too few file descriptors are left, and says how many sockets may use', () => {
    expect(admit('127.0.0.1', 55)).toBeTypeOf('object');
    expect(admit('127.0.0.1', 56)).toBe('open-files');
    expect(limited).toEqual([
      { limit: 'openFiles', value: 56, remoteAddress: '127.0.0.1', userId: undefined },
    ]);
    expect(runtime.metrics).toMatchObject({ limitOpenFiles: 1, sessionsRejected: 1, socketsWithoutLogin: 1 });
  });
});

describe('OpenFiles', () => {
  it.each([
    [64, 56],
    [1024, 960],
    [65_536, 64_512],
    [1_048_576, 1_047_552],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('of %d leaves %d to sockets', (limit, rest) => {
    expect(new OpenFiles(() => limit).limit).toBe(rest);
  });

  it('reads the limit of this process', () => {
    expect(new OpenFiles().limit).toBeGreaterThan(0);
  });
});
