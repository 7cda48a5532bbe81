/**
 * Tells how busy the process has been since it was asked last: 0 to 1, and above 1 where several threads are.
 *
 * The greater of two parts of the time that passed: that of a processor it took, and that in which the event loop had something
 * to do. By the first alone, a process that gets little of a processor would count as idle in the middle of a burst.
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
