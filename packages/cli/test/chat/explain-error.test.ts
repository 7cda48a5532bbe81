import { DeliveryError, LinkError, LoginError, RequestError, ServerError } from '@imcore/client/node';
import { describe, expect, it } from 'vitest';
import { explainError, explainGap, explainKick } from '../../src/chat/explain-error.js';

const context = { user: 'alice', url: 'tcp://127.0.0.1:8901', isDevice: false };
const what = (error: unknown) => explainError(error, context).what;

function failedLink(code: string): LinkError {
  return new LinkError('ERR_LINK_FAILED', 'x', {
    cause: Object.assign(new Error(`connect ${code}`), { code }),
  });
}

describe('explainError', () => {
  it.each([
    [failedLink('ECONNREFUSED'), 'No server is listening at tcp://127.0.0.1:8901.'],
    [failedLink('ENOTFOUND'), 'The host name of tcp://127.0.0.1:8901 cannot be resolved.'],
    [failedLink('ETIMEDOUT'), 'tcp://127.0.0.1:8901 is not reachable.'],
    [
      failedLink('DEPTH_ZERO_SELF_SIGNED_CERT'),
      'The certificate of tcp://127.0.0.1:8901 is not signed by a trusted authority.',
    ],
    [failedLink('CERT_HAS_EXPIRED'), 'The certificate of tcp://127.0.0.1:8901 has expired.'],
    [
      failedLink('ERR_TLS_CERT_ALTNAME_INVALID'),
      'The certificate of tcp://127.0.0.1:8901 is for another host name.',
    ],
    [failedLink('EOTHER'), 'Cannot connect to tcp://127.0.0.1:8901: connect EOTHER.'],
    [new LinkError('ERR_LINK_SILENT', 'x'), 'The server stopped responding.'],
    [new LinkError('ERR_LINK_CLOSED', 'x'), 'The server closed the connection.'],
    [new LinkError('ERR_NOT_LOGGED_IN', 'x'), 'The session is no longer valid.'],
    [new LinkError('ERR_LOGIN_UNANSWERED', 'x'), 'No response from tcp://127.0.0.1:8901.'],
    [
      new LoginError('ERR_LOGIN_REJECTED', 'x', { serverCode: 1025 }),
      'The server rejected the login of alice (code 1025).',
    ],
    [
      new LoginError('ERR_CANNOT_CONNECT', 'x', { cause: failedLink('ECONNREFUSED') }),
      'No server is listening at tcp://127.0.0.1:8901.',
    ],
    [new LoginError('ERR_CANNOT_CONNECT', 'x'), 'Cannot connect to tcp://127.0.0.1:8901.'],
    [new DeliveryError('ERR_TOO_LARGE', 'x'), 'The message is too long for this connection.'],
    [new DeliveryError('ERR_NOT_ACKNOWLEDGED', 'x'), 'No acknowledgement.'],
    [
      new DeliveryError('ERR_REJECTED', 'x', 'ERR_STORE_FULL'),
      'The server rejected the message with ERR_STORE_FULL.',
    ],
    [
      new RequestError('ERR_NOT_NEGOTIATED', 'x'),
      'History and devices need a server with a store, and a device.',
    ],
    [new RequestError('ERR_USE_A_STREAM', 'x'), 'History is not available over UDP.'],
    [new RequestError('ERR_LATER', 'x'), 'The server rejected the request with ERR_LATER.'],
    [new ServerError(4, 'x'), 'The server reported error 4.'],
    [new Error('something else'), 'something else'],
  ])('explains %s: %s', (error, text) => {
    expect(what(error)).toBe(text);
  });

  it('finds the cause among those of a host with several addresses', () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const error = new LinkError('ERR_LINK_FAILED', 'x', { cause: new AggregateError([refused, refused]) });
    expect(what(error)).toBe('No server is listening at tcp://127.0.0.1:8901.');
  });

  it('explains a UDP link that closes because no server is listening', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(what(new LinkError('ERR_LINK_CLOSED', 'x', { cause }))).toBe(
      'No server is listening at tcp://127.0.0.1:8901.',
    );
  });

  it('advises another transport when a message is too long for UDP', () => {
    const tooLarge = new DeliveryError('ERR_TOO_LARGE', 'x');
    expect(explainError(tooLarge, { ...context, url: 'udp://h:1' }).advice).toContain('--transport tcp');
    expect(explainError(tooLarge, context).advice).toBe('Split the message.');
  });

  it('advises to start a server when none is listening', () => {
    expect(explainError(failedLink('ECONNREFUSED'), context).advice).toContain('imcore serve');
  });
});

describe('explainKick', () => {
  it('distinguishes a second login from a kick', () => {
    expect(explainKick({ code: 1, reason: undefined }, context).what).toBe(
      'alice has logged in on another connection, and a user can have only one.',
    );
    expect(explainKick({ code: 2, reason: 'spam' }, context).what).toBe(
      'The server closed the session (code 2): spam.',
    );
  });
});

describe('explainKick of a device', () => {
  const device = { ...context, isDevice: true };

  it('does not say that a user can have only one connection', () => {
    expect(explainKick({ code: 1, reason: undefined }, device).what).toBe(
      'alice has logged in on another device, and the server allows no more.',
    );
    expect(explainKick({ code: 2, reason: undefined }, device).what).toBe(
      'An administrator or another device of yours has logged out this one.',
    );
    expect(explainKick({ code: 2, reason: 'spam' }, device).what).toContain('spam');
  });
});

describe('explainGap', () => {
  it.each([
    ['expired', 3, 3, '1 message expired before this device was online.'],
    ['trimmed', 3, 5, '3 messages missing: the log on the server was too long.'],
    ['too-large', 3, 4, '2 messages missing: too long for this connection.'],
    ['hole', 3, 9, 'Messages may be missing: the server does not know what this device has.'],
    ['later', 3, 4, '2 messages missing: later.'],
  ])('explains %s from %d to %d: %s', (reason, from, to, text) => {
    expect(explainGap({ reason, from, to }).what).toBe(text);
  });
});
