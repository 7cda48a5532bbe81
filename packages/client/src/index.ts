export { createClient } from './create-client.js';
export type { ClientOptions, Endpoint } from './options.js';
export { browserSignals } from './platform-signals.js';
export * from './shared-exports.js';
export { type WebSocketOptions, websocket } from './websocket-transport.js';
