import { CommandError, messageOf } from '../command-error.js';
import { type EndpointFlags, endpointOf } from '../endpoint.js';
import { createStyle } from '../terminal/style.js';
import { type BenchFlags, pidOf, planOf } from './bench-flags.js';
import { type LoadResult, runLoad } from './load-run.js';
import { progressLine, toJson, toText } from './report.js';

/**
 * Runs `imcore bench`: load-tests a server and checks every message. Returns the exit code: 0 only if no message was
 * lost, duplicated, reordered or corrupted.
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
      `Cannot start the load test: ${messageOf(error)}`,
      `Check that a server is running at ${url}.`,
      { cause: error },
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
  const faults = lost + counts.duplicates + counts.outOfOrder + counts.corrupted + counts.unexpected;
  return faults === 0 && failures.length === 0 ? 0 : 1;
}
