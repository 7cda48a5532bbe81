import { readdirSync, readFileSync } from 'node:fs';

const VECTORS = new URL('../../../docs/protocol/vectors/', import.meta.url);
const MAX_BODY_CHARACTERS = 1500;

/** A random number from 0 to `below` - 1. */
type Draw = (below: number) => number;

/** Random numbers that are the same for the same seed (xorshift). */
export function drawFrom(seed: number): Draw {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Members = Record<string, unknown>;

/** What the recorded clients sent, each packet once. */
export function recordedPackets(): readonly Members[] {
  const bodies = new Set<string>();
  for (const name of readdirSync(VECTORS)) {
    if (!name.endsWith('.json')) continue;
    const recording = JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as { frames?: Members[] };
    for (const { dir, body } of recording.frames ?? [])
      if (dir === 'c2s' && typeof body === 'string' && body.length < MAX_BODY_CHARACTERS) bodies.add(body);
  }
  return [...bodies].flatMap((body) => {
    try {
      return [JSON.parse(body) as Members];
    } catch {
      return [];
    }
  });
}

/** JSON values, some of which are wrong for any field. */
const VALUES = [
  '"\\u0041\\ud800"',
  '"0"',
  '"-1"',
  '""',
  '9007199254740993',
  '1e3',
  '-0',
  '1.0',
  'null',
  'true',
  'false',
  '{}',
  '[[]]',
  '{"to":1}',
  '"\u202e\u009b用户"',
  `"${'x'.repeat(300)}"`,
  '2147483648',
];
const NAMES = [
  'type',
  'dataContent',
  'from',
  'to',
  'fp',
  'QoS',
  'typeu',
  'bridge',
  'sm',
  'retryCount',
  '__proto__',
];

/**
 * Changes the members of a packet: order, spaces, values, double and unknown members. Most results are packets that the server
 * reads. `me` and `other` are users.
 */
export function mutatedText(packet: Members, me: string, other: string, draw: Draw): string {
  const addressed = { ...packet, from: me, to: draw(4) === 0 ? '0' : other };
  const members = Object.entries(addressed).map(([name, value]) => `"${name}":${JSON.stringify(value)}`);
  for (let times = draw(4); times > 0; times--) {
    const at = draw(members.length + 1);
    switch (draw(6)) {
      case 0:
        members.push(...members.splice(0, at));
        break;
      case 1:
        members.splice(at, 0, `"${NAMES[draw(NAMES.length)]}" : ${VALUES[draw(VALUES.length)]}`);
        break;
      case 2:
        members.splice(at, 1);
        break;
      case 3:
        members.splice(at, 0, ` \n"x${draw(1000)}":[${'1,'.repeat(draw(50))}1]`);
        break;
      case 4:
        members.push(`"fp":${draw(2) === 0 ? draw(1_000_000_000) : `"${draw(1000)}"`}`);
        break;
      default:
        members.push(`"type":${draw(8) === 0 ? draw(60) : [1, 2, 2, 4, 5][draw(5)]}`);
    }
  }
  return `{${members.join(',')}}`;
}

/** Flips, inserts and removes a few bytes. */
export function mutatedBytes(bytes: Buffer, draw: Draw): Buffer {
  let mutated = Buffer.from(bytes);
  for (let times = 1 + draw(3); times > 0; times--) {
    const at = draw(mutated.length + 1);
    const kind = draw(4);
    if (kind === 0) mutated[at] = draw(256);
    else if (kind === 1)
      mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + 1 + draw(8))]);
    else if (kind === 2)
      mutated = Buffer.concat([mutated.subarray(0, at), Buffer.of(draw(256)), mutated.subarray(at)]);
    else mutated[at] = (mutated[at] ?? 0) ^ (1 << draw(8));
  }
  return mutated;
}
