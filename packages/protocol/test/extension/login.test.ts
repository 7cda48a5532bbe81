import { describe, expect, it } from 'vitest';
import { keepAliveResponseFrame, loginResponseFrame } from '../../src/answer-frames.js';
import {
  dataPacket,
  loginPacket,
  loginResponsePacket,
  readLoginRequest,
  readLoginResponse,
} from '../../src/control.js';
import { encodeFrameBody, encodePacket } from '../../src/encode.js';
import { withExtension } from '../../src/extension/extension-frame.js';
import { loginAnswerMember } from '../../src/extension/login-answer.js';
import { loginOfferMember } from '../../src/extension/login-offer.js';

const login = { userId: 'alice', token: 't', extra: undefined, firstLoginTime: 0 };

describe('without an offer', () => {
  it('a login has the bytes of a v6 login', () => {
    expect(encodePacket(loginPacket(login))).toBe(
      '{"bridge":false,"type":0,"dataContent":"{\\"loginUserId\\":\\"alice\\",\\"loginToken\\":\\"t\\",\\"firstLoginTime\\":0}","from":"alice","to":"0","QoS":false,"typeu":-1,"sm":-1}',
    );
    expect(readLoginRequest(loginPacket(login).dataContent).x).toBeUndefined();
  });

  it('a login response has the bytes of a v6 login response', () => {
    const frame =
      '{"bridge":false,"type":50,"dataContent":"{\\"code\\":0,\\"firstLoginTime\\":7}","from":"0","to":"alice","QoS":false,"typeu":-1,"sm":-1}';
    expect(loginResponseFrame({ code: 0, firstLoginTime: 7 }, 'alice', -1)).toBe(frame);
    expect(encodeFrameBody(loginResponsePacket({ code: 0, firstLoginTime: 7 }, 'alice'))).toBe(frame);
    expect(readLoginResponse('{"code":0,"firstLoginTime":7}').x).toBeUndefined();
  });
});

describe('with an offer', () => {
  it('a login has x at the end of its content, and one capability more', () => {
    const x = loginOfferMember(
      { capabilities: ['log'], device: { id: 'd1', kind: '', name: '' } },
      () => 0.5,
    );
    const content = loginPacket({ ...login, x }).dataContent ?? '';
    expect(content).toContain(',"firstLoginTime":0,"x":{"v":1,"caps":["log","g8000"],"dev":{"id":"d1"}}}');
    expect(readLoginRequest(content).x).toEqual(JSON.parse(JSON.stringify(x)));
  });

  it('a login response has x, by both writers', () => {
    const x = loginAnswerMember({ capabilities: ['sig'] });
    const response = { code: 0, firstLoginTime: 7, x };
    const frame = loginResponseFrame(response, 'alice', -1);
    expect(frame).toBe(encodeFrameBody(loginResponsePacket(response, 'alice')));
    expect(readLoginResponse(JSON.parse(frame).dataContent).x).toEqual({ v: 1, caps: ['sig'] });
  });
});

describe('withExtension', () => {
  it('turns a stored frame body into one with x, in bytes', () => {
    const body = encodeFrameBody(
      dataPacket({ from: 'bob', to: 'alice', content: '你好}', fingerprint: 'f1' }),
    );
    const frame = Buffer.from(withExtension(body, '{"s":1}'), 'latin1').toString('utf8');
    expect(JSON.parse(frame)).toMatchObject({ dataContent: '你好}', sm: -1, x: { s: 1 } });
  });

  it('adds its JSON text and five bytes', () => {
    const response = keepAliveResponseFrame('alice', -1);
    expect(withExtension(response, '{"last":4720}').length - response.length).toBe(18);
  });
});
