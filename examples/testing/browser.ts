import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/**
 * Whether pages can be tried here. Where there is no browser their tests are skipped and say so, except in CI: there
 * they fail.
 */
export const hasBrowser = existsSync(executablePath) || process.env['CI'] === 'true';
if (!hasBrowser) console.warn(`SKIPPED: tests in a browser, there is no Chromium at ${executablePath}`);

/** A browser without a window, that calls nobody. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
