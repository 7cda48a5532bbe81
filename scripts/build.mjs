// Builds what is out of date: `npm run build`, and before every script that needs a build.
import { SETTINGS, STEPS } from './build-steps.mjs';
import { runOutOfDate } from './out-of-date.mjs';
import { ROOT } from './root.mjs';

const startedAt = performance.now();
try {
  const names = await runOutOfDate({
    root: ROOT,
    recordFile: 'scripts/dist/build.json',
    settings: SETTINGS,
    steps: STEPS,
    report: (name) => console.log(`Building ${name} …`),
  });
  if (names.length > 0) console.log(`Built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
} catch (error) {
  console.error(`Build failed: ${error.message}`);
  process.exitCode = 1;
}
