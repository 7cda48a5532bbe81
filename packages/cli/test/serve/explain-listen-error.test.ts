import { describe, expect, it } from 'vitest';
import { explainListenError } from '../../src/serve/explain-listen-error.js';

const listenError = (code: string) =>
  Object.assign(new Error(`listen ${code}`), { code, address: '0.0.0.0', port: 8901 });

describe('explainListenError', () => {
  it.each([
    ['EADDRINUSE', '0.0.0.0:8901 is already in use'],
    ['EACCES', 'No permission to listen on 0.0.0.0:8901'],
    ['EADDRNOTAVAIL', '0.0.0.0 is not an address of this machine'],
  ])('explains %s', (code, message) => {
    expect(explainListenError(listenError(code))).toMatchObject({ name: 'CommandError', message });
  });

  it('returns any other error unchanged', () => {
    const error = listenError('EOTHER');
    expect(explainListenError(error)).toBe(error);
  });
});
