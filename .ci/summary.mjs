import { existsSync, readFileSync } from 'node:fs';

/**
 * Prints what a test report counts, as the line that log readers look for, after the tests that failed: who reads the
 * end of a long log sees which. Fails when nothing ran, when something failed, and when something was skipped: a test
 * that CI does not run guards nothing.
 */
const [, , file] = process.argv;
const report = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : { success: false, testResults: [], reason: 'the tests were aborted: there is no report' };

const results = report.testResults.flatMap((suite) =>
  suite.assertionResults.map((result) => ({ ...result, file: suite.name })),
);
const passed = results.filter(({ status }) => status === 'passed').length;
const failed = results.filter(({ status }) => status === 'failed').length;
const skipped = results.filter(({ status }) => status !== 'passed' && status !== 'failed');
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
);

for (const { file: where, fullName, failureMessages } of results.filter(
  ({ status }) => status === 'failed',
)) {
  console.log(`failed: ${where}: ${fullName}`);
  for (const message of failureMessages) console.log(message.split('\n').slice(0, 12).join('\n'));
}
for (const { file: where, fullName } of skipped) console.log(`skipped: ${where}: ${fullName}`);
for (const { name, message } of brokenFiles) console.log(`could not run: ${name}: ${message}`);
if (passed === 0) console.log(report.reason ?? 'no test has run');
if (passed === 0 || skipped.length > 0 || brokenFiles.length > 0 || !report.success) process.exitCode = 1;
console.log(`${passed} passed, ${failed + brokenFiles.length} failed, ${skipped.length} skipped`);
