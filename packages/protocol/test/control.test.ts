import { describe, expect, it } from 'vitest';
import {
  acknowledgementPacket,
  dataPacket,
  echoResponsePacket,
  errorResponsePacket,
  keepAlivePacket,
  keepAliveResponsePacket,
  kickOutPacket,
  loginPacket,
  loginResponsePacket,
  logoutPacket,
  readErrorResponse,
  readKickOut,
  readLoginRequest,
  readLoginResponse,
} from '../src/control.js';
import { encodePacket } from '../src/encode.js';
import { packetWith } from './packet-fixture.js';

describe('control packets on the wire', () => {
  it.each([
    [
      'a login',
      loginPacket({ userId: 'alice', token: 'tok', extra: 'hello', firstLoginTime: 0 }),
      '{"bridge":false,"type":0,"dataContent":"{\\"loginUserId\\":\\"alice\\",\\"loginToken\\":\\"tok\\",\\"extra\\":\\"hello\\",\\"firstLoginTime\\":0}","from":"alice","to":"0","QoS":false,"typeu":-1,"sm":-1}',
    ],
    [
      'a keep-alive',
      keepAlivePacket('alice'),
      '{"bridge":false,"type":1,"dataContent":"{}","from":"alice","to":"0","QoS":false,"typeu":-1,"sm":-1}',
    ],
    [
      'a logout',
      logoutPacket('alice'),
      '{"bridge":false,"type":3,"from":"alice","to":"0","QoS":false,"typeu":-1,"sm":-1}',
    ],
    [
      'the answer to a login that is accepted',
      loginResponsePacket({ code: 0, firstLoginTime: 1795429891064 }, 'u1'),
      '{"bridge":false,"type":50,"dataContent":"{\\"code\\":0,\\"firstLoginTime\\":1795429891064}","from":"0","to":"u1","QoS":false,"typeu":-1,"sm":-1}',
    ],
    [
      'the response to a rejected login, addressed to no user',
      loginResponsePacket({ code: 1025, firstLoginTime: -1 }, 'u1'),
      '{"bridge":false,"type":50,"dataContent":"{\\"code\\":1025,\\"firstLoginTime\\":-1}","from":"0","to":"-1","QoS":false,"typeu":-1,"sm":-1}',
    ],
    [
      'the answer to a keep-alive',
      keepAliveResponsePacket('u1'),
      '{"bridge":false,"type":51,"dataContent":"{}","from":"0","to":"u1","QoS":false,"typeu":-1,"sm":-1}',
    ],
    [
      'an error',
      errorResponsePacket({ errorCode: 301, errorMsg: undefined }),
      '{"bridge":false,"type":52,"dataContent":"{\\"errorCode\\":301}","from":"0","to":"-1","QoS":false,"typeu":-1,"sm":-1}',
    ],
    [
      'a kick-out without a reason',
      kickOutPacket({ code: 2, reason: undefined }, 'u1'),
      '{"bridge":false,"type":54,"dataContent":"{\\"code\\":2}","from":"0","to":"u1","QoS":false,"typeu":-1,"sm":-1}',
    ],
    [
      'a kick-out with a reason',
      kickOutPacket({ code: 2, reason: 'spam' }, 'u1'),
      '{"bridge":false,"type":54,"dataContent":"{\\"code\\":2,\\"reason\\":\\"spam\\"}","from":"0","to":"u1","QoS":false,"typeu":-1,"sm":-1}',
    ],
  ])('encodes %s as recorded', (_name, packet, frame) => {
    expect(encodePacket(packet)).toBe(frame);
  });

  it('omits an absent token and extra', () => {
    const login = loginPacket({ userId: 'alice', token: undefined, extra: undefined, firstLoginTime: 5 });
    expect(login.dataContent).toBe('{"loginUserId":"alice","firstLoginTime":5}');
  });
});

describe('acknowledgementPacket', () => {
  it('goes from the receiver to the sender with the fingerprint as content', () => {
    const acknowledgement = acknowledgementPacket(
      packetWith({ from: 'alice', to: 'bob', fp: 'fp-7', typeu: 3 }),
    );
    expect(acknowledgement).toEqual(
      packetWith({ type: 4, dataContent: 'fp-7', from: 'bob', to: 'alice', fp: undefined, QoS: false }),
    );
  });

  it('keeps the bridge flag', () => {
    expect(acknowledgementPacket(packetWith({ bridge: true })).bridge).toBe(true);
  });
});

describe('echoResponsePacket', () => {
  it('is the echo packet with another type', () => {
    const echo = packetWith({ type: 5, dataContent: 'ping', sm: 12 });
    expect(echoResponsePacket(echo)).toEqual({ ...echo, type: 53 });
  });
});

describe('dataPacket', () => {
  it('requests an acknowledgement if it has a fingerprint', () => {
    const packet = dataPacket({ from: 'alice', to: 'bob', content: 'hello', fingerprint: 'fp-1' });
    expect(packet).toEqual(packetWith());
  });

  it('requests no acknowledgement without a fingerprint', () => {
    const packet = dataPacket({
      from: 'alice',
      to: 'bob',
      content: 'hello',
      fingerprint: undefined,
      type: 9,
    });
    expect(packet).toEqual(packetWith({ fp: undefined, QoS: false, typeu: 9 }));
  });
});

describe('readLoginRequest', () => {
  it('decodes all fields', () => {
    const login = readLoginRequest(
      '{"loginUserId":"alice","loginToken":"t","extra":"e","firstLoginTime":17}',
    );
    expect(login).toEqual({ userId: 'alice', token: 't', extra: 'e', firstLoginTime: 17 });
  });

  it('treats a missing time as a first login', () => {
    const login = readLoginRequest('{"loginUserId":"alice"}');
    expect(login).toEqual({ userId: 'alice', token: undefined, extra: undefined, firstLoginTime: 0 });
  });

  it('accepts a user id and a token that are numbers', () => {
    const login = readLoginRequest('{"loginUserId":10001,"loginToken":7,"firstLoginTime":"3"}');
    expect(login).toMatchObject({ userId: '10001', token: '7', firstLoginTime: 3 });
  });

  it.each([undefined, '', 'alice', '[]', '{}', '{"loginUserId":""}', '{"loginUserId":null}'])(
    'rejects %j, which has no user id',
    (content) => {
      expect(() => readLoginRequest(content)).toThrow(/a login/);
    },
  );
});

describe('server responses, decoded by clients', () => {
  it('decodes a login response, with 0 for missing fields', () => {
    expect(readLoginResponse('{"code":1025,"firstLoginTime":-1}')).toEqual({
      code: 1025,
      firstLoginTime: -1,
    });
    expect(readLoginResponse('{}')).toEqual({ code: 0, firstLoginTime: 0 });
  });

  it('decodes an error with and without a text', () => {
    expect(readErrorResponse('{"errorCode":301,"errorMsg":"x"}')).toEqual({ errorCode: 301, errorMsg: 'x' });
    expect(readErrorResponse('{"errorCode":4}')).toEqual({ errorCode: 4, errorMsg: undefined });
  });

  it('decodes a kick-out with and without a reason', () => {
    expect(readKickOut('{"code":2,"reason":"spam"}')).toEqual({ code: 2, reason: 'spam' });
    expect(readKickOut('{"code":1}')).toEqual({ code: 1, reason: undefined });
  });

  it('rejects responses without content', () => {
    expect(() => readLoginResponse(undefined)).toThrow('a login response of 0 characters is not JSON');
    expect(() => readErrorResponse('')).toThrow('an error response of 0 characters is not JSON');
    expect(() => readKickOut('[]')).toThrow('a kick-out is JSON but not an object');
  });
});
