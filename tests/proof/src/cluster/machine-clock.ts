/** The machine's monotonic clock, in milliseconds. It is the same in all processes. */
export function machineTime(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
