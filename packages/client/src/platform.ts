import type { WebSocketConstructor } from './websocket-link.js';

/**
 * The few things that this package uses of the platform it runs on: browsers, Node and mini-programs have some or all
 * of them. Looked up when needed, so that importing the package works everywhere.
 */
export interface Platform {
  readonly console?: {
    warn(message: string, fields: object): void;
    error(message: string, fields: object): void;
  };
  readonly performance?: { now(): number };
  readonly crypto?: { getRandomValues?(target: Uint32Array): Uint32Array };
  readonly WebSocket?: WebSocketConstructor;
  setTimeout(run: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

export const platform = globalThis as unknown as Platform;
