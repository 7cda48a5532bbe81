import { describe, expect, it } from 'vitest';
import { retiredWordsIn } from './retired-words.js';
import { textsIn } from './sources.js';

/** The folders and files that are checked. `.changeset` may use the words for the past. */
const CHECKED = [
  '.ci',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'README.md',
  'README.zh-CN.md',
  'apps',
  'bench',
  'docs',
  'examples',
  'packages/bridge-rabbitmq',
  'packages/cli',
  'packages/client',
  'packages/cluster-nats',
  'packages/cluster-postgres',
  'packages/nestjs',
  'packages/protocol',
  'packages/react',
  'packages/server',
  'packages/store-postgres',
  'packages/store-sqlite',
  'packages/testkit',
  'packages/workers',
  'scripts',
  'tests',
];

/** Files that need a word, and the word. */
const EXEMPT: readonly (readonly [path: RegExp, word: RegExp])[] = [
  [/^tests\/architecture\/retired-words\b/, /./],
  // The name of a table in existing databases.
  [/^packages\/store-sqlite\//, /^mailbox$/],
  // The name of an option in older versions, which are compared with this one.
  [/^bench\/src\/full-server\.ts$/, /^gateways$/],
];

describe('retiredWordsIn', () => {
  it.each([
    'const letters = await store.deadLetters(undefined, 10);',
    'class BridgeSlips {}',
    'MAX_MAILBOX_BYTES',
    '// A test with a false\n  // clock',
    '/**\n * It stands\n * in line.\n */',
    'this.#goOn();',
    'nobody’s',
    'buries',
    'gateways: [tcp()]',
  ])('finds the word in %j', (text) => {
    expect(retiredWordsIn(text)).toHaveLength(1);
  });

  it.each([
    'store.deadLetters(undefined, DEAD_LETTERS); // dead-letter, dead letters',
    'Events go on in the next turn.',
    '@WebSocketGateway()',
    'a slipper outdoors, the lettering',
    'letter-spacing: 0',
  ])('finds nothing in %j', (text) => {
    expect(retiredWordsIn(text)).toEqual([]);
  });
});

describe('retiredWordsIn a document', () => {
  it.each([
    'What becomes of a message',
    'The store goes on\nby itself.',
    'It is handed over to the bridge.',
    'The login is refused.',
  ])('finds the phrase in %j, and not in a source', (text) => {
    expect(retiredWordsIn(text, 'document')).toHaveLength(1);
    expect(retiredWordsIn(text)).toEqual([]);
  });

  it.each(['The broker answers `ACCESS_REFUSED`.', '`tcp-login-refused`', 'an iterator of rooms'])(
    'finds nothing in %j',
    (text) => {
      expect(retiredWordsIn(text, 'document')).toEqual([]);
    },
  );
});

describe('sources, tests and documents', () => {
  it.each(CHECKED)('in %s contain no retired words', (folder) => {
    const texts = textsIn(folder);
    expect(texts).not.toEqual([]);
    const found = texts.flatMap(({ path, text }) =>
      retiredWordsIn(text, path.endsWith('.md') ? 'document' : 'source')
        .filter(({ word }) => !EXEMPT.some(([paths, words]) => paths.test(path) && words.test(word)))
        .map(({ around, instead }) => `${path}: "…${around}…", write: ${instead}`),
    );
    expect(found).toEqual([]);
  });
});
