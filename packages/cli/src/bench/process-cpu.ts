import { readFileSync } from 'node:fs';

/** Ticks of the clock in which Linux counts the time of processes. */
const TICK_MS = 10;

/** What a process has used, from /proc. */
export interface ProcessUse {
  readonly cpuMs: number;
  readonly residentBytes: number;
}

/** Reads what a process has used so far; undefined where the system does not say. */
export function readProcessUse(pid: number): ProcessUse | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])];
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return { cpuMs: (userTicks + systemTicks) * TICK_MS, residentBytes: Number(kilobytes ?? 0) * 1024 };
  } catch {
    return undefined;
  }
}
