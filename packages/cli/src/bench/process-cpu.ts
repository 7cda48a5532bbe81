import { readFileSync } from 'node:fs';

/** Clock tick of Linux's process times. */
const TICK_MS = 10;

/** CPU time and memory of a process, from /proc. */
export interface ProcessUse {
  readonly cpuMs: number;
  readonly residentBytes: number;
}

/** Reads the CPU time and memory of a process; undefined where `/proc` is not available. */
export function readProcessUse(pid: number): ProcessUse | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, can contain any character.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])];
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return { cpuMs: (userTicks + systemTicks) * TICK_MS, residentBytes: Number(kilobytes ?? 0) * 1024 };
  } catch {
    return undefined;
  }
}
