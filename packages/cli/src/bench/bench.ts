import { CommandError, messageOf } from '../command-error.js';
import { type EndpointFlags, endpointOf } from '../endpoint.js';
import { createStyle } from '../terminal/style.js';
import { type BenchFlags, pidOf, planOf } from './bench-flags.js';
import { type LoadResult, runLoad } from './load-run.js';
import { progressLine, toJson, toText } from './report.js';

/**
 * Puts load on a server and checks every message: `imcore bench`. Returns the exit code: 0 only when nothing was
 * lost, doubled, overtaken or altered.
 */
export async function bench(flags: BenchFlags & EndpointFlags): Promise<number> {
  const plan = planOf(flags);
  const { transport, url } = endpointOf(flags);
  const showsProgress = process.stderr.isTTY === true;
  let result: LoadResult;
  try {
    result = await runLoad({
      plan,
      transport,
      serverPid: pidOf(flags),
      onProgress: (progress) => {
        if (showsProgress) process.stderr.write(`\r\u001b[K${progressLine(progress)}`);
      },
    });
  } catch (error) {
    throw new CommandError(
      `the load could not begin: ${messageOf(error)}`,
      `Is a server running at ${url}?`,
      {
        cause: error,
      },
    );
  } finally {
    if (showsProgress) process.stderr.write('\r\u001b[K');
  }
  const output =
    flags.json === true
      ? `${JSON.stringify(toJson(url, plan, result))}\n`
      : toText(plan, result, createStyle(process.stdout, process.env));
  process.stdout.write(output);
  const { counts, lost, failures } = result;
  const faults = lost + counts.duplicates + counts.overtaken + counts.altered + counts.foreign;
  return faults === 0 && failures.length === 0 ? 0 : 1;
}
