export * from '../shared-exports.js';
export { createClient, type MiniProgramClientOptions } from './create-client.js';
export type { MiniProgramPlatform } from './platform-api.js';
export { type MiniProgramSocketOptions, miniProgramSocket } from './socket-transport.js';
