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
    [failedLink('ECONNREFUSED'), 'Nothing listens at tcp://127.0.0.1:8901.'],
    [failedLink('ENOTFOUND'), 'The host of tcp://127.0.0.1:8901 is not known.'],
    [failedLink('ETIMEDOUT'), 'tcp://127.0.0.1:8901 cannot be reached.'],
    [
      failedLink('DEPTH_ZERO_SELF_SIGNED_CERT'),
      'The certificate of tcp://127.0.0.1:8901 is signed by nobody this machine trusts.',
    ],
    [failedLink('CERT_HAS_EXPIRED'), 'The certificate of tcp://127.0.0.1:8901 has expired.'],
    [
      failedLink('ERR_TLS_CERT_ALTNAME_INVALID'),
      'The certificate of tcp://127.0.0.1:8901 is for another host.',
    ],
    [failedLink('EOTHER'), 'No connection to tcp://127.0.0.1:8901: connect EOTHER.'],
    [new LinkError('ERR_LINK_SILENT', 'x'), 'The server does not answer any more.'],
    [new LinkError('ERR_LINK_CLOSED', 'x'), 'The server has closed the connection.'],
    [new LinkError('ERR_NOT_LOGGED_IN', 'x'), 'The server does not know this login any more.'],
    [new LinkError('ERR_LOGIN_UNANSWERED', 'x'), 'Nobody answers at tcp://127.0.0.1:8901.'],
    [
      new LoginError('ERR_LOGIN_REJECTED', 'x', { serverCode: 1025 }),
      'The server has refused the login of alice (code 1025).',
    ],
    [
      new LoginError('ERR_CANNOT_CONNECT', 'x', { cause: failedLink('ECONNREFUSED') }),
      'Nothing listens at tcp://127.0.0.1:8901.',
    ],
    [new LoginError('ERR_CANNOT_CONNECT', 'x'), 'No connection to tcp://127.0.0.1:8901.'],
    [new DeliveryError('ERR_TOO_LARGE', 'x'), 'It is too long for this connection.'],
    [new DeliveryError('ERR_NOT_ACKNOWLEDGED', 'x'), 'Nobody has confirmed it.'],
    [new ServerError(4, 'x'), 'The server reports error 4.'],
    [new Error('something else'), 'something else'],
  ])('says of %s: %s', (error, text) => {
    expect(what(error)).toBe(text);
  });

  it('finds the cause among those of a host with several addresses', () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const error = new LinkError('ERR_LINK_FAILED', 'x', { cause: new AggregateError([refused, refused]) });
    expect(what(error)).toBe('Nothing listens at tcp://127.0.0.1:8901.');
  });

  it('knows that a UDP link only breaks when somebody has tried it', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(what(new LinkError('ERR_LINK_CLOSED', 'x', { cause }))).toBe(
      'Nothing listens at tcp://127.0.0.1:8901.',
    );
  });

  it('advises another transport to whom UDP is too small', () => {
    const tooLarge = new DeliveryError('ERR_TOO_LARGE', 'x');
    expect(explainError(tooLarge, { ...context, url: 'udp://h:1' }).advice).toContain('--transport tcp');
    expect(explainError(tooLarge, context).advice).toBe('Say it in parts.');
  });

  it('advises to start a server where none listens', () => {
    expect(explainError(failedLink('ECONNREFUSED'), context).advice).toContain('imcore serve');
  });
});

describe('explainKick', () => {
  it('tells a second login from an administrator', () => {
    expect(explainKick({ code: 1, reason: undefined }, context).what).toBe(
      'alice has logged in somewhere else, and one user has one connection.',
    );
    expect(explainKick({ code: 2, reason: 'spam' }, context).what).toBe(
      'The server has ended this login (code 2): spam.',
    );
  });
});
