import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createServer, DEFAULT_LIMITS, SERVER_METRICS, tcp } from '@imcore/server';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { flagOf, SETTING_NAMES, SETTINGS, variableOf } from '../../packages/cli/src/serve/settings.js';
import { packageNames, ROOT, readText, sourcesOf } from './sources.js';

/** Error codes of Node and other packages, which are documented there. */
const CODES_OF_OTHERS = new Set(['ERR_TLS_CERT_ALTNAME_INVALID', 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH']);

/** The code spans in the first column of a document's tables, and in its headings. */
function documentedIn(path: string): string[] {
  return [...readText(path).matchAll(/^(?:\|\s*|#+ )`([^`]+)`/gm)].map((match) => match[1] ?? '');
}

/** The names of an interface's members. */
function membersOf(path: string, interfaceName: string): string[] {
  const file = ts.createSourceFile(path, readText(path), ts.ScriptTarget.Latest, true);
  const names: string[] = [];
  file.forEachChild((node) => {
    if (!ts.isInterfaceDeclaration(node) || node.name.text !== interfaceName) return;
    for (const member of node.members) if (member.name !== undefined) names.push(member.name.getText(file));
  });
  return names;
}

/** The strings of a union type. */
function membersOfUnion(path: string, typeName: string): string[] {
  const file = ts.createSourceFile(path, readText(path), ts.ScriptTarget.Latest, true);
  const texts: string[] = [];
  file.forEachChild((node) => {
    if (!ts.isTypeAliasDeclaration(node) || node.name.text !== typeName) return;
    node.type.forEachChild((member) => {
      if (ts.isLiteralTypeNode(member) && ts.isStringLiteral(member.literal)) texts.push(member.literal.text);
    });
  });
  return texts;
}

const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

describe('docs/reference/errors.md', () => {
  it('documents exactly the codes in the sources', () => {
    const codes = packageNames()
      .flatMap(sourcesOf)
      .flatMap(({ text }) => [...text.matchAll(/\b(?:WS_)?ERR_[A-Z_]+/g)].map(([code]) => code))
      .filter((code) => !CODES_OF_OTHERS.has(code));
    expect(codes.length).toBeGreaterThan(100);
    expect(sorted(documentedIn('docs/reference/errors.md'))).toEqual(sorted(codes));
  });

  it('documents each code once', () => {
    const documented = documentedIn('docs/reference/errors.md');
    expect(documented).toEqual([...new Set(documented)]);
  });
});

describe('docs/reference/limits.md', () => {
  it('documents exactly the limits of the server', () => {
    const fixed = membersOfUnion('packages/server/src/events.ts', 'LimitName');
    expect(fixed.length).toBeGreaterThan(1);
    expect(sorted(documentedIn('docs/reference/limits.md'))).toEqual(
      sorted([...Object.keys(DEFAULT_LIMITS), ...fixed]),
    );
  });

  it('has the default of each limit', () => {
    const text = readText('docs/reference/limits.md');
    for (const [name, value] of Object.entries(DEFAULT_LIMITS)) {
      // Depends on the heap of the process.
      if (name === 'maxBytesUnderWay') continue;
      const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
      const written = row.split('|')[2]?.replaceAll(/[^\d]/g, '');
      expect(`${name} ${written}`).toBe(`${name} ${value}`);
    }
  });
});

describe('docs/reference/metrics.md', () => {
  it('documents exactly the metrics of the server', () => {
    const metrics = Object.keys(createServer({ transports: [tcp()] }).metrics());
    expect(metrics.length).toBeGreaterThan(40);
    expect(documentedIn('docs/reference/metrics.md').sort()).toEqual(metrics.sort());
    expect(Object.keys(SERVER_METRICS).sort()).toEqual(metrics.sort());
  });

  it.each(Object.entries(SERVER_METRICS))(
    'says of %s what the table says',
    (name, { unit, labels, help }) => {
      const row = `| \`${name}\` | ${unit} | ${labels.join(', ') || '–'} | ${help} |`;
      expect(readText('docs/reference/metrics.md').split('\n')).toContain(row);
    },
  );
});

describe('docs/reference/events.md', () => {
  it('documents exactly the events of the server and the client', () => {
    const events = [
      ...membersOf('packages/server/src/events.ts', 'ServerEvents'),
      ...membersOf('packages/client/src/events.ts', 'ClientEvents'),
    ];
    expect(events.length).toBeGreaterThan(15);
    expect(sorted(documentedIn('docs/reference/events.md'))).toEqual(sorted(events));
  });
});

describe('the reasons in docs/reference/events.md', () => {
  const text = readText('docs/reference/events.md');

  it.each(['UndeliveredReason', 'RejectedReason'])('are those of %s', (name) => {
    const reasons = membersOfUnion('packages/server/src/events.ts', name);
    expect(reasons.length).toBeGreaterThan(2);
    expect(reasons.filter((reason) => !text.includes(`\`${reason}\``))).toEqual([]);
  });
});

describe('docs/reference/command.md', () => {
  const rows = readText('docs/reference/command.md')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

  it('documents exactly the settings', () => {
    expect(sorted(documentedIn('docs/reference/command.md'))).toEqual(sorted(SETTING_NAMES));
  });

  it.each(SETTING_NAMES)('has the flag, the variable and the default of %s', (name) => {
    const { byDefault, hasFlag = true } = SETTINGS[name];
    const isSaid = byDefault !== undefined && typeof byDefault !== 'object';
    const row = rows.find((cells) => cells[1] === name);
    expect(row?.slice(2, 5)).toEqual([
      hasFlag ? flagOf(name) : '–',
      variableOf(name),
      isSaid ? String(byDefault) : '–',
    ]);
  });
});

describe('docs/reference/options.md', () => {
  const sections = readText('docs/reference/options.md')
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      title: section.slice(0, section.indexOf('\n')).replaceAll('`', ''),
      names: [...section.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = '']) =>
        [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ''),
      ),
    }));

  it.each([
    ['createServer', ['server/src/options.ts ServerOptions']],
    [
      'Transports: tcp, udp, websocket',
      [
        'server/src/transports/transport-options.ts TransportOptions',
        'server/src/transports/tcp.ts TcpOptions',
        'server/src/transports/udp.ts UdpOptions',
        'server/src/transports/websocket.ts WebSocketOptions',
      ],
    ],
    [
      'Stores: memoryStore, sqliteStore, postgresStore',
      [
        'server/src/ports/retention.ts Retention',
        'server/src/store-memory/memory-store.ts MemoryStoreOptions',
        'store-sqlite/src/sqlite-options.ts SqliteStoreOptions',
      ],
    ],
    [
      'Bridge: rabbitmq',
      [
        'bridge-rabbitmq/src/options.ts RabbitMqOptions',
        'bridge-rabbitmq/src/bridge-route.ts BridgeRouteOptions',
      ],
    ],
    [
      'Cluster: postgresCluster, natsCluster',
      [
        'cluster-postgres/src/options.ts PostgresClusterOptions',
        'cluster-nats/src/options.ts NatsClusterOptions',
      ],
    ],
    ['Worker processes: workers', ['workers/src/options.ts WorkersOptions']],
    ['trimMemory', ['cli/src/process-memory/trim-memory.ts TrimMemoryOptions']],
    ['createClient', ['client/src/options.ts ClientSettings']],
    [
      'Transports of the client: tcp, udp, websocket, miniProgramSocket',
      [
        'client/src/node/tcp.ts TcpOptions',
        'client/src/node/udp.ts UdpOptions',
        'client/src/node/websocket.ts NodeWebSocketOptions',
        'client/src/websocket-transport.ts WebSocketOptions',
        'client/src/mini-program/socket-transport.ts MiniProgramSocketOptions',
      ],
    ],
  ])('documents exactly the options of %s', (title, interfaces) => {
    const options = interfaces.flatMap((each) => {
      const [path = '', name = ''] = each.split(' ');
      return membersOf(`packages/${path}`, name);
    });
    expect(options).not.toEqual([]);
    const documented = sections.find((section) => section.title === title);
    expect(sorted(documented?.names ?? [])).toEqual(sorted(options));
  });
});

describe('the documents', () => {
  const documents = [
    ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
    ...['docs', 'examples', 'packages', 'apps'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
        .map((name) => join(folder, name)),
    ),
  ];

  it.each(documents)('has only links to existing files: %s', (document) => {
    const links = [...readText(document).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((link) => !/^[a-z]+:/.test(link));
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(document), link)))).toEqual([]);
  });

  it('exist where comments in the sources refer to them', () => {
    const missing = packageNames()
      .flatMap(sourcesOf)
      .flatMap(({ path, text }) =>
        [...text.matchAll(/\bdocs\/[\w/.-]+\.md\b/g)].map(([link]) => ({ path, link })),
      )
      .filter(({ link }) => !existsSync(join(ROOT, link)));
    expect(missing).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  it('shows every folder of the server', () => {
    const folders = readdirSync(join(ROOT, 'packages/server/src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${name}/`);
    expect(folders.length).toBeGreaterThan(5);
    expect(folders.filter((folder) => !readText('ARCHITECTURE.md').includes(folder))).toEqual([]);
  });

  it('names only existing files', () => {
    const there = new Set(
      packageNames()
        .flatMap(sourcesOf)
        .map(({ path }) => basename(path)),
    );
    const named = [...readText('ARCHITECTURE.md').matchAll(/[\w-]+\.ts\b/g)].map(([name]) => name);
    expect(named.filter((name) => !there.has(name))).toEqual([]);
  });
});

describe('docs/adr/README.md', () => {
  it('lists every decision with its title', () => {
    const decisions = readdirSync(join(ROOT, 'docs/adr')).filter((name) => name !== 'README.md');
    const rows = decisions.sort().map((name) => {
      const [, number = '', title = ''] = /^# (\d+)\. (.*)$/m.exec(readText(join('docs/adr', name))) ?? [];
      return `| [${number}](${name}) | ${title} |`;
    });
    const table = readText('docs/adr/README.md').split('\n');
    expect(table.filter((line) => line.startsWith('| ['))).toEqual(rows);
  });
});

describe('the lock file', () => {
  it('has no registry addresses', () => {
    expect(readText('package-lock.json')).not.toMatch(/"resolved": "https?:/);
  });

  it('has a version for every package', () => {
    const lock = JSON.parse(readText('package-lock.json')) as {
      readonly packages: Readonly<Record<string, { readonly version?: string; readonly link?: boolean }>>;
    };
    const without = Object.entries(lock.packages)
      .filter(([path, entry]) => path !== '' && entry.link !== true && entry.version === undefined)
      .map(([path]) => path);
    expect(without).toEqual([]);
  });
});
