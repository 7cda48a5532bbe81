export type { ClientOptions, Endpoint } from '../options.js';
export { browserSignals } from '../platform-signals.js';
export * from '../shared-exports.js';
export { createClient, transportForUrl } from './create-client.js';
export { EarlyCopies } from './early-copies.js';
export { fileOutbox } from './file-outbox.js';
export { type TcpOptions, tcp } from './tcp.js';
export { type UdpOptions, udp } from './udp.js';
export { type NodeWebSocketOptions, websocket } from './websocket.js';
