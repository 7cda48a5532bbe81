import type { Origin } from './origin.js';

/** The origin of what comes out of the store: its sender was acknowledged long ago and expects nothing more. */
export const replayOrigin: Origin = {
  asksHook: true,
  responsible() {},
  failed() {},
  waitFor() {},
};
