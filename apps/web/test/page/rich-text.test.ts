import { describe, expect, it } from 'vitest';
import { isFewEmoji, partsOf } from '../../page/model/rich-text.js';

const links = (text: string) => partsOf(text).flatMap((part) => (part.kind === 'link' ? [part.href] : []));

describe('partsOf', () => {
  it.each([
    ['see https://example.com/a?b=1&c=2#d now', ['https://example.com/a?b=1&c=2#d']],
    ['http://127.0.0.1:8080/ and https://example.com', ['http://127.0.0.1:8080/', 'https://example.com/']],
    ['(https://example.com/wiki/Ada_(name)).', ['https://example.com/wiki/Ada_(name)']],
    ['面板：https://example.com/im。看看', ['https://example.com/im']],
    ['“https://example.com/a”', ['https://example.com/a']],
    ['HTTPS://EXAMPLE.COM/x!', ['https://example.com/x']],
    ['https://例子.测试/路径', ['https://xn--fsqu00a.xn--0zwm56d/%E8%B7%AF%E5%BE%84']],
  ])('finds the URLs in %j', (text, found) => {
    expect(links(text)).toEqual(found);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'https://',
    'http://[not-an-address',
    'example.com',
    '<a href="javascript:alert(1)">',
    'xhttp://example.com',
  ])('creates no link for %j', (text) => {
    expect(links(text)).toEqual([]);
  });

  it.each([
    '',
    'plain',
    'a https://example.com/b, c',
    '<img src=x onerror=alert(1)>',
    'https://a.b.https://c.d',
  ])('keeps the text unchanged: %j', (text) => {
    expect(
      partsOf(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
  });

  it('handles thousands of brackets and dots', () => {
    const text = `https://a/${'('.repeat(20_000)}${').'.repeat(20_001)}`;
    expect(links(text)).toEqual([`https://a/${'('.repeat(20_000)}${').'.repeat(19_999)})`]);
  });
});

describe('isFewEmoji', () => {
  it.each(['👍', '😀😂', '👨‍👩‍👧‍👦', '🇨🇳 🇩🇪', '👍🏽', '❤️'])('returns true for %s', (text) => {
    expect(isFewEmoji(text)).toBe(true);
  });

  it.each(['', '1', '#', 'ok 👍', '😀😀😀😀', '好', ' '])('returns false for %j', (text) => {
    expect(isFewEmoji(text)).toBe(false);
  });
});
