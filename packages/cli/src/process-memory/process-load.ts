/**
 * Returns a function that reports the process's load since its last call: 0 to 1, or more with several threads.
 *
 * The load is the greater of two fractions of the elapsed time: CPU time used, and time in which the event loop was busy.
 * With CPU time alone, a process that gets only a fraction of a core would look idle in the middle of a burst.
 */
export function watchLoad(): () => number {
  let loop = performance.eventLoopUtilization();
  let cpu = process.cpuUsage();
  let at = performance.now();
  return () => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(cpu);
    const { utilization } = performance.eventLoopUtilization(loop);
    const load = Math.max(utilization, (user + system) / 1000 / (now - at));
    loop = performance.eventLoopUtilization();
    cpu = process.cpuUsage();
    at = now;
    return load;
  };
}
