import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ForwardedHeader, forwardedClient, MAX_PROXIES } from '../src/proxies/forwarded-client.js';
import { TrustedProxies } from '../src/proxies/trusted-proxies.js';

const proxies = new TrustedProxies(['10.0.0.0/8', '::1', '2001:db8:ff::/48']);
const peer = { address: '10.0.0.1', port: 4000 };

function find(header: ForwardedHeader, value: string) {
  const found = forwardedClient(peer, header, value, (address) => proxies.includes(address));
  return found.kind === 'client' ? found.client : found.reason;
}

const at = (address: string, port = 0) => ({ address, port });

describe('X-Forwarded-For', () => {
  it.each([
    ['one address', '192.0.2.1', at('192.0.2.1')],
    ['one address of IPv6', '2001:DB8::1', at('2001:db8::1')],
    ['an IPv4-mapped address', '::ffff:192.0.2.1', at('192.0.2.1')],
    ['a port', '192.0.2.1:51234', at('192.0.2.1', 51_234)],
    ['brackets', '[2001:db8::1]', at('2001:db8::1')],
    ['brackets and a port', '[2001:db8::1]:51234', at('2001:db8::1', 51_234)],
    ['what the client has forged', '203.0.113.9, 192.0.2.1', at('192.0.2.1')],
    ['what the client has forged as a proxy', '203.0.113.9, 10.0.0.7, 192.0.2.1', at('192.0.2.1')],
    ['nonsense of the client', 'nonsense"; , unknown, 192.0.2.1', at('192.0.2.1')],
    ['two proxies', '203.0.113.9, 192.0.2.1, 10.0.0.2', at('192.0.2.1')],
    ['two proxies of both families', '192.0.2.1,2001:db8:ff::2,10.3.3.3', at('192.0.2.1')],
    ['only trusted addresses', '10.9.9.9, 10.0.0.2', at('10.9.9.9')],
    ['empty entries', ', 192.0.2.1,, ', at('192.0.2.1')],
    ['nothing', '', peer],
    ['an unknown client', 'unknown', peer],
    ['an unknown client of the second proxy', '192.0.2.1, unknown, 10.0.0.2', at('10.0.0.2')],
    ['a made-up name', '192.0.2.1, _hidden', peer],
  ])('names the client behind a proxy: %s', (_name, value, client) => {
    expect(find('x-forwarded-for', value)).toEqual(client);
  });

  it.each([
    'nonsense',
    '192.0.2',
    '192.0.2.1:',
    '192.0.2.1:65536',
    '[192.0.2.1]',
    '[2001:db8::1',
    '2001:db8::1]',
    'fe80::1%eth0',
    '"192.0.2.1"',
    '192.0.2.1 10.0.0.2',
    'nonsense, 10.0.0.2',
  ])('is malformed if a proxy has written %s', (value) => {
    expect(find('x-forwarded-for', value)).toBe(
      'the header x-forwarded-for is invalid: an entry of a trusted proxy is not an IP address',
    );
  });

  it('may contain a limited number of trusted proxies', () => {
    const chain = (proxiesInRow: number) => `192.0.2.1${', 10.0.0.2'.repeat(proxiesInRow)}`;
    expect(find('x-forwarded-for', chain(MAX_PROXIES - 1))).toEqual(at('192.0.2.1'));
    expect(find('x-forwarded-for', chain(MAX_PROXIES))).toBe(
      'the header x-forwarded-for is invalid: it contains more than 32 trusted proxies',
    );
  });

  it('names the address that the proxy has appended, whatever the client sends', () => {
    const forged = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constant('10.0.0.5'), fc.constant('::1'));
    fc.assert(
      fc.property(fc.array(forged), fc.constantFrom(' ', ''), (entries, space) => {
        const value = [...entries, '192.0.2.1'].join(`,${space}`);
        expect(find('x-forwarded-for', value)).toEqual(at('192.0.2.1'));
      }),
    );
  });
});

describe('Forwarded', () => {
  it.each([
    ['one address', 'for=192.0.2.1', at('192.0.2.1')],
    ['other parameters', 'by=203.0.113.43;FOR=192.0.2.1;proto=http;host="a,b;c"', at('192.0.2.1')],
    ['a quoted address', 'for="192.0.2.1:51234"', at('192.0.2.1', 51_234)],
    ['brackets', 'For="[2001:DB8::1]"', at('2001:db8::1')],
    ['brackets and a port', 'For="[2001:db8::1]:4711"', at('2001:db8::1', 4711)],
    ['a made-up port', 'for="192.0.2.1:_x"', at('192.0.2.1')],
    ['escapes', 'for="\\1\\92.0.2.1"', at('192.0.2.1')],
    ['white space', ' for=203.0.113.9 ; proto=http ,\tfor=192.0.2.1 ', at('192.0.2.1')],
    ['what the client has forged', 'for=203.0.113.9, for=192.0.2.1', at('192.0.2.1')],
    ['two proxies', 'for=203.0.113.9, for=192.0.2.1, for="10.0.0.2:80";proto=http', at('192.0.2.1')],
    ['empty elements', ',for=192.0.2.1,,', at('192.0.2.1')],
    ['nothing', '', peer],
    ['an unknown client', 'for=unknown', peer],
    ['a made-up name', 'for=192.0.2.1, for=_hidden', peer],
    ['a made-up name with a port', 'for="_hidden:_port"', peer],
    ['an element without an address', 'for=192.0.2.1, proto=http', peer],
  ])('names the client behind a proxy: %s', (_name, value, client) => {
    expect(find('forwarded', value)).toEqual(client);
  });

  it.each([
    '192.0.2.1',
    'for',
    'for=',
    'for="192.0.2.1',
    'for=[2001:db8::1]',
    'for=1.2.3.4;for=1.2.3.4',
    'for=a b',
    'for=a;',
    ';',
  ])('is malformed: %s', (value) => {
    expect(find('forwarded', value)).toBe(
      'the header forwarded is invalid: it is not a list of name=value pairs',
    );
  });

  it.each(['for=nonsense', 'for=""', 'for="192.0.2.1:x"', 'for="2001:db8::1]"'])(
    'is malformed if a proxy has written %s',
    (value) => {
      expect(find('forwarded', value)).toBe(
        'the header forwarded is invalid: an entry of a trusted proxy is not an IP address',
      );
    },
  );

  it('never names what the client has forged', () => {
    const forged = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[for=",;\\ .\d[\]]{0,12}$/),
      fc.constantFrom('for="', 'for=203.0.113.9;x="', 'for=203.0.113.9', 'x="\\'),
    );
    const appended = fc.constantFrom(
      'for=192.0.2.1',
      'for="192.0.2.1"',
      'for="192.0.2.1:80";proto=http;by="[::1]:80"',
    );
    fc.assert(
      fc.property(forged, appended, (before, own) => {
        const found = find('forwarded', `${before}, ${own}`);
        if (typeof found !== 'string') expect(found.address).toBe('192.0.2.1');
      }),
      { numRuns: 2000 },
    );
  });
});
