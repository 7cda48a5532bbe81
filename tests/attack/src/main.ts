import { parseArgs } from 'node:util';
import { ATTACKS } from './attacks.js';

/**
 * Attacks a server: `npm run attack -- NAME|all [--seconds 5] [--frames 100000]`. Prints the figures of each attack; the last
 * line counts attacks and problems. The exit code is 0 only without problems, and 2 for an invalid command line.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '5' },
    frames: { type: 'string', default: '100000' },
  },
});
const options = {
  seconds: parseCount('seconds', values.seconds),
  frames: parseCount('frames', values.frames),
  note: (line: string) => void process.stderr.write(`${line}\n`),
};
const names = positionals.includes('all') ? Object.keys(ATTACKS) : positionals;
if (names.length === 0) fail(`no attack is named. There are: ${Object.keys(ATTACKS).join(', ')}, and all`);

let count = 0;
for (const name of names) {
  const attack = ATTACKS[name];
  if (attack === undefined)
    fail(
      `there is no attack ${JSON.stringify(name)}. There are: ${Object.keys(ATTACKS).join(', ')}, and all`,
    );
  console.log(`${name}: ${attack.summary}`);
  const { figures, problems } = await attack.run(options);
  for (const [figure, value] of Object.entries(figures)) console.log(`  ${figure} ${rounded(value)}`);
  for (const problem of problems) console.log(`  PROBLEM: ${problem}`);
  count += problems.length;
}
console.log(`${names.length} ${names.length === 1 ? 'attack' : 'attacks'}, ${count} problems`);
process.exit(count === 0 ? 0 : 1);

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function parseCount(name: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number > 0) return number;
  return fail(`--${name} must be a whole number from 1, got ${JSON.stringify(text)}`);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
