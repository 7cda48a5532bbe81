import { describe, expect, it } from 'vitest';
import { isOurs } from '../../src/dev/serve-control-page.js';

describe('isOurs', () => {
  it.each([
    { host: '127.0.0.1:8080' },
    { host: 'localhost:8080' },
    { host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080' },
    { host: 'localhost:8080', origin: 'http://localhost:8080' },
  ])('accepts %j', (headers) => {
    expect(isOurs(headers, 8080)).toBe(true);
  });

  it.each([
    {},
    { host: 'rebound.example.com:8080' },
    { host: '127.0.0.1' },
    { host: '127.0.0.1:8090' },
    { host: '127.0.0.1:8080', origin: 'https://example.com' },
    { host: '127.0.0.1:8080', origin: 'null' },
    { host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8092' },
    { host: '127.0.0.1:8080', origin: 'http://localhost:8080' },
  ])('rejects %j', (headers) => {
    expect(isOurs(headers, 8080)).toBe(false);
  });
});
