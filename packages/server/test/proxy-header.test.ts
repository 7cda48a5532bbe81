import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PROXY_HEADER_BYTES, readProxyHeader } from '../src/proxies/proxy-header.js';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

const v1 = (line: string) => Buffer.from(`${line}\r\n`, 'latin1');
const v2 = (hex: string) => Buffer.from(SIGNATURE + hex.replaceAll(' ', ''), 'hex');

/** The addresses of 192.0.2.1:51234 to 192.0.2.9:8901. */
const IPV4 = 'c0000201 c0000209 c822 22c5';
const IPV6 = '20010db8000000000000000000000001 20010db8000000000000000000000002 c822 22c5';
const MAPPED = '00000000000000000000ffffc0000201 00000000000000000000ffffc0000209 c822 22c5';
const client = { address: '192.0.2.1', port: 51_234 };

const VALID: readonly (readonly [string, Buffer, { address: string; port: number } | undefined])[] = [
  ['1, IPv4', v1('PROXY TCP4 192.0.2.1 192.0.2.9 51234 8901'), client],
  ['1, IPv6', v1('PROXY TCP6 2001:DB8::1 2001:db8::2 51234 8901'), { address: '2001:db8::1', port: 51_234 }],
  ['1, IPv4-mapped', v1('PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 51234 8901'), client],
  [
    '1, the longest',
    v1(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`),
    { address: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', port: 65_535 },
  ],
  ['1, unknown', v1('PROXY UNKNOWN'), undefined],
  ['1, unknown with addresses', v1('PROXY UNKNOWN ffff::1 ffff::2 65535 65535'), undefined],
  ['2, IPv4', v2(`21 11 000c ${IPV4}`), client],
  ['2, IPv6', v2(`21 21 0024 ${IPV6}`), { address: '2001:db8::1', port: 51_234 }],
  ['2, IPv4-mapped', v2(`21 21 0024 ${MAPPED}`), client],
  ['2, IPv4 with extensions', v2(`21 11 0013 ${IPV4} 03 0004 deadbeef`), client],
  ['2, UDP over IPv4', v2(`21 12 000c ${IPV4}`), undefined],
  ['2, a Unix socket', v2(`21 31 00d8 ${'00'.repeat(216)}`), undefined],
  ['2, unspecified', v2('21 00 0000'), undefined],
  ['2, LOCAL', v2('20 00 0000'), undefined],
  ['2, LOCAL with addresses, which are ignored', v2(`20 11 000c ${IPV4}`), undefined],
  ['2, LOCAL with bytes of any family', v2('20 ff 0003 010203'), undefined],
  [
    '2, the longest',
    v2(
      `21 11 ${(MAX_PROXY_HEADER_BYTES - 16).toString(16).padStart(4, '0')} ${IPV4}${'00'.repeat(MAX_PROXY_HEADER_BYTES - 28)}`,
    ),
    client,
  ],
];

const MALFORMED: readonly (readonly [string, Buffer, string])[] = [
  [
    'a line that is too long',
    Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}`),
    'no line end within 107 bytes',
  ],
  ['a line end behind the limit', v1(`PROXY UNKNOWN ${'x'.repeat(92)}`), 'no line end within 107 bytes'],
  ...[
    'PROXY ',
    'PROXY UDP4 192.0.2.1 192.0.2.9 1 2',
    'PROXY TCP4',
    'PROXY TCP4 192.0.2.1 192.0.2.9 1',
    'PROXY TCP4 192.0.2.1 192.0.2.9 1 2 3',
    'PROXY TCP4  192.0.2.1 192.0.2.9 1 2',
    'PROXY TCP4 192.0.2.256 192.0.2.9 1 2',
    'PROXY TCP4 192.0.2.01 192.0.2.9 1 2',
    'PROXY TCP4 192.0.2.1 nowhere 1 2',
    'PROXY TCP4 192.0.2.1 192.0.2.9 65536 2',
    'PROXY TCP4 192.0.2.1 192.0.2.9 01 2',
    'PROXY TCP4 192.0.2.1 192.0.2.9 1 -2',
    'PROXY TCP4 ::1 ::2 1 2',
    'PROXY TCP6 192.0.2.1 192.0.2.9 1 2',
    'PROXY TCP6 fe80::1%eth0 ::2 1 2',
    'PROXY tcp4 192.0.2.1 192.0.2.9 1 2',
  ].map(
    (line) => [line, v1(line), 'the line is not PROXY TCP4|TCP6|UNKNOWN with addresses and ports'] as const,
  ),
  ['version 1 in binary', v2(`11 11 000c ${IPV4}`), 'version 1 is not 2'],
  ['version 3', v2(`31 11 000c ${IPV4}`), 'version 3 is not 2'],
  ['an unknown command', v2(`22 11 000c ${IPV4}`), 'command 2 is not LOCAL or PROXY'],
  ['an unknown family', v2(`21 41 000c ${IPV4}`), 'family and protocol 0x41 are not defined'],
  ['an unknown protocol', v2(`21 13 000c ${IPV4}`), 'family and protocol 0x13 are not defined'],
  ['a protocol without a family', v2('21 01 0000'), 'family and protocol 0x01 are not defined'],
  ['a family without a protocol', v2(`21 10 000c ${IPV4}`), 'family and protocol 0x10 are not defined'],
  ['too few bytes of addresses', v2('21 11 000b'), '11 bytes of addresses, the family needs 12'],
  ['a length beyond the limit', v2('21 11 0ff1'), '4097 bytes, the maximum is 4096'],
  ['the maximum length', v2('21 11 ffff'), '65551 bytes, the maximum is 4096'],
];

describe('readProxyHeader', () => {
  it.each(VALID)('reads version %s', (_name, header, source) => {
    expect(readProxyHeader(header)).toEqual({ kind: 'complete', length: header.length, source });
  });

  it.each(VALID)('waits for the last byte of version %s', (_name, header) => {
    for (let length = 0; length < header.length; length++)
      expect(readProxyHeader(header.subarray(0, length)).kind).toBe('incomplete');
  });

  it.each(VALID)('leaves what follows to the caller: version %s', (_name, header, source) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (rest) => {
        const bytes = Buffer.concat([header, rest]);
        expect(readProxyHeader(bytes)).toEqual({ kind: 'complete', length: header.length, source });
      }),
    );
  });

  it.each(MALFORMED)('rejects %s', (_name, header, reason) => {
    expect(readProxyHeader(header)).toEqual({ kind: 'malformed', reason });
  });

  it.each(MALFORMED)('decides the same wherever the bytes are split: %s', (_name, header, reason) => {
    const results = Array.from({ length: header.length + 1 }, (_, length) =>
      readProxyHeader(header.subarray(0, length)),
    );
    const decided = results.findIndex(({ kind }) => kind !== 'incomplete');
    for (const result of results.slice(decided)) expect(result).toEqual({ kind: 'malformed', reason });
  });

  it.each([
    ['a frame', Buffer.from([0, 0, 0, 2, 0x7b, 0x7d])],
    ['a TLS handshake', Buffer.from('16030100f8010000f4', 'hex')],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n')],
    ['a PUT request', Buffer.from('PUT')],
    ['a line in lower case', Buffer.from('proxy TCP4 ')],
    ['an almost right signature', Buffer.from('0d0a0d0a000d0a515549540b', 'hex')],
  ])('finds none in %s', (_name, bytes) => {
    expect(readProxyHeader(bytes)).toEqual({ kind: 'absent' });
  });

  it('is total, and decides once the maximum has arrived', () => {
    const start = fc.constantFrom(
      v1('PROXY TCP4').subarray(0, -2),
      v2(''),
      v2('21 11'),
      v2('20'),
      Buffer.alloc(0),
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ size: 'max', maxLength: 200 }), (first, rest) => {
        const bytes = Buffer.concat([first, rest]);
        const filled = Buffer.concat([bytes, Buffer.alloc(MAX_PROXY_HEADER_BYTES)]);
        const [early, late] = [readProxyHeader(bytes), readProxyHeader(filled)];
        expect(late.kind).not.toBe('incomplete');
        if (early.kind !== 'incomplete') expect(late).toEqual(early);
      }),
    );
  });
});
