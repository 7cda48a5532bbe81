import { describe, expect, it } from 'vitest';
import { explainListenError } from '../../src/serve/explain-listen-error.js';

const listenError = (code: string) =>
  Object.assign(new Error(`listen ${code}`), { code, address: '0.0.0.0', port: 8901 });

describe('explainListenError', () => {
  it.each([
    ['EADDRINUSE', '0.0.0.0:8901 is taken by another program'],
    ['EACCES', 'this user may not listen on 0.0.0.0:8901'],
    ['EADDRNOTAVAIL', '0.0.0.0 is no address of this machine'],
  ])('puts %s into words and says what to do', (code, message) => {
    expect(explainListenError(listenError(code))).toMatchObject({ name: 'CommandError', message });
  });

  it('leaves any other error as it is', () => {
    const error = listenError('EOTHER');
    expect(explainListenError(error)).toBe(error);
  });
});
