export { type TrimMemoryOptions, trimMemory } from './trim-memory.js';
