import { KINDS, type Kind } from '../proof-client.js';

/** Our client, or the packets of an original one. */
type Program = 'imcore' | 'v6';

export const PROGRAMS: readonly Program[] = ['imcore', 'v6'];

/** A user of the proof and its client. */
export interface Member {
  readonly userId: string;
  readonly program: Program;
  readonly transport: Kind;
}

/** Each client on each transport, in turn, so that any six neighbours have them all. */
const MIX = PROGRAMS.flatMap((program) => KINDS.map((transport) => ({ program, transport })));
const OF_EACH = 50;

/** Number of processes that the clients are divided among. */
export const CLIENT_PROCESSES = 2;

/** All users of the proof. */
export const MEMBERS: readonly Member[] = Array.from({ length: OF_EACH }, (_, index) =>
  MIX.map((kinds): Member => ({ ...kinds, userId: `${kinds.program}-${kinds.transport}-${index + 1}` })),
).flat();

/** Steps to the users that a user writes to: one of each client on each transport, in its own process and in the other. */
const STEPS = [150, 31, 92, 153, 214, 65];

/** The users whose clients run in one of the processes. */
export function membersOf(processIndex: number): readonly Member[] {
  const share = MEMBERS.length / CLIENT_PROCESSES;
  return MEMBERS.slice(processIndex * share, (processIndex + 1) * share);
}

/** The users that a user writes to. Each user has as many that write to it. */
export function partnersOf(member: Member): readonly Member[] {
  const index = MEMBERS.indexOf(member);
  return STEPS.flatMap((step) => MEMBERS[(index + step) % MEMBERS.length] ?? []);
}
