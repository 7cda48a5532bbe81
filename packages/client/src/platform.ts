import type { WebSocketConstructor } from './websocket-link.js';

interface EventSource {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** The platform APIs that this package uses. Browsers, Node.js and mini-programs provide some or all of them. */
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
  /** The event target of the page or worker. */
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
 * The platform's APIs. Looked up on use, so that the package can be imported everywhere, and by bare name: in a
 * mini-program they are in scope, but not all of them are properties of a global object.
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
