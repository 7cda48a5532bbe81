import type { DemoSettings } from '../settings.js';
import type { PageHandler } from './serve-pages.js';

/** The chat page; undefined where it is not built. */
export async function loadChatPage(_settings: DemoSettings): Promise<PageHandler | undefined> {
  return undefined;
}
