import type { WebSocketConstructor } from './websocket-link.js';

interface EventSource {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/**
 * The few things that this package uses of the platform it runs on: browsers, Node and mini-programs have some or all
 * of them.
 */
interface Platform {
  readonly console?:
    | {
        warn(message: string, fields: object): void;
        error(message: string, fields: object): void;
      }
    | undefined;
  readonly performance?: { now(): number } | undefined;
  readonly crypto?: { getRandomValues?(target: Uint32Array): Uint32Array } | undefined;
  readonly WebSocket?: WebSocketConstructor | undefined;
  readonly document?: (EventSource & { readonly visibilityState: string }) | undefined;
  /** Where the page or the worker itself reports events. */
  readonly events?: EventSource | undefined;
  setTimeout(run: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

declare const console: Platform['console'];
declare const performance: Platform['performance'];
declare const crypto: Platform['crypto'];
declare const WebSocket: Platform['WebSocket'];
declare const document: Platform['document'];
declare const addEventListener: unknown;
declare const setTimeout: Platform['setTimeout'];
declare const clearTimeout: Platform['clearTimeout'];

/**
 * Looked up when needed, so that importing the package works everywhere, and by their bare names: a mini-program finds
 * them in its scope, and not all of them in its global object, where it has one.
 */
export const platform: Platform = {
  get console() {
    return typeof console === 'undefined' ? undefined : console;
  },
  get performance() {
    return typeof performance === 'undefined' ? undefined : performance;
  },
  get crypto() {
    return typeof crypto === 'undefined' ? undefined : crypto;
  },
  get WebSocket() {
    return typeof WebSocket === 'undefined' ? undefined : WebSocket;
  },
  get document() {
    return typeof document === 'undefined' ? undefined : document;
  },
  get events() {
    return typeof addEventListener === 'function' ? (globalThis as unknown as EventSource) : undefined;
  },
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (timer) => clearTimeout(timer),
};
