import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readOptions } from '../src/options.js';
import { rabbitmq } from '../src/rabbitmq.js';

const SECRET = 'open-sesame-4711';
const url = `amqp://imcore:${SECRET}@mq.example.com:5673/im`;

describe('the options of rabbitmq()', () => {
  it('are those of the original by default', () => {
    const settings = readOptions({ url: 'amqp://mq.example.com' });
    expect(settings).toMatchObject({
      address: { hostname: 'mq.example.com', port: 5672, username: 'guest', password: 'guest', vhost: '/' },
      outgoingQueue: 'q_app2web',
      incomingQueue: 'q_web2app',
      deadLetterQueue: 'q_web2app.dead',
      queueArguments: {},
      prefetch: 256,
    });
  });

  it.each([
    ['amqp://u:p%40s@h:1234/v%2Fh', { port: 1234, username: 'u', password: 'p@s', vhost: 'v/h' }],
    ['amqps://h', { port: 5671, isSecure: true, vhost: '/' }],
    ['amqp://[::1]/', { hostname: '::1', port: 5672, isSecure: false }],
  ])('read the URL %s', (text, address) => {
    expect(readOptions({ url: text }).address).toMatchObject(address);
  });

  it.each([
    ['no URL', { url: SECRET }],
    ['another protocol', { url: `http://u:${SECRET}@h` }],
    ['an escape that cannot be read', { url: `amqp://u:${SECRET}%E0%A4@h` }],
    ['a password with a bare #', { url: `amqp://u:12#${SECRET}@h` }],
    ['a password with a bare ?', { url: `amqp://u:12?${SECRET}@h` }],
    ['a password with a bare /', { url: `amqp://u:12/${SECRET}@h` }],
    ['queues that are the same', { url, incomingQueue: 'q', outgoingQueue: 'q' }],
    ['a queue without a name', { url, incomingQueue: '' }],
    ['a queue name that is too long', { url, incomingQueue: '消'.repeat(86) }],
    ['a prefetch of 0', { url, prefetch: 0 }],
    ['a wait of nothing before the store', { url, storeAfterMs: 0 }],
    ['a number that is not whole', { url, storeAfterMs: 1.5 }],
    ['certificates without amqps', { url, tls: {} }],
    ['a key without its certificate', { url: 'amqps://h', tls: { key: 'k' } }],
    ['a certificate that is none', { url: 'amqps://h', tls: { cert: 'c', key: SECRET } }],
    ['certificates of a wrong type', { url: 'amqps://h', tls: { ca: 5 } as never }],
    ['no certificates where they are announced', { url: 'amqps://h', tls: null as never }],
    ['queue arguments of a wrong type', { url, queueArguments: { 'x-max-length': {} } as never }],
    ['a text as queue arguments', { url, queueArguments: 'x-max-length' as never }],
    ['an option that does not exist', { url, prefech: 1 }],
    ['an option that no longer exists', { url, maxWaiting: 1 }],
    ['an option of tls that does not exist', { url: 'amqps://h', tls: { certificate: 'c' } as never }],
  ])('are rejected with %s, and the URL is not shown', (_name, options) => {
    const errorOf = (): unknown => {
      try {
        return rabbitmq(options);
      } catch (error) {
        return error;
      }
    };
    const error = errorOf();
    expect(error).toMatchObject({ name: 'UsageError', code: 'ERR_INVALID_OPTION' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(SECRET);
  });

  it('are not shown by the bridge', () => {
    expect(inspect(rabbitmq({ url }), { depth: 20, showHidden: true })).not.toContain(SECRET);
  });
});
