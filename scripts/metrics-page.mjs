// Writes docs/reference/metrics.md from the server's table of metrics: `node scripts/metrics-page.mjs`, after a build.
import { writeFileSync } from 'node:fs';
import { SERVER_METRICS } from '../packages/server/dist/index.js';

const TITLES = { gauge: 'The value now', counter: 'Totals since the server was created' };
const rows = (wanted) =>
  Object.entries(SERVER_METRICS)
    .filter(([, { kind }]) => kind === wanted)
    .map(
      ([name, { unit, labels, help }]) => `| \`${name}\` | ${unit} | ${labels.join(', ') || '–'} | ${help} |`,
    );
const section = (kind) =>
  [
    `## ${TITLES[kind]}`,
    '',
    '| metric | unit | labels | what it counts |',
    '|---|---|---|---|',
    ...rows(kind),
  ].join('\n');

writeFileSync(
  new URL('../docs/reference/metrics.md', import.meta.url),
  `# Metrics of a server

\`server.metrics()\` returns every value by name, those of all transports added up. \`server.metricSamples()\` returns them one
by one, those with the label \`transport\` for each transport. \`SERVER_METRICS\` is the table below, for a metrics page of your
own. This page is written by \`node scripts/metrics-page.mjs\`, and a test compares it with the table. See also
[limits](limits.md).

${section('gauge')}

${section('counter')}
`,
);
