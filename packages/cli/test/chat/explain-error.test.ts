import { DeliveryError, LinkError, LoginError, ServerError } from '@imcore/client/node';
import { describe, expect, it } from 'vitest';
import { explainError, explainKick } from '../../src/chat/explain-error.js';

const context = { user: 'alice', url: 'tcp://127.0.0.1:8901' };
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
