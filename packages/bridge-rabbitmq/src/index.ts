export type { RabbitMqOptions, RabbitMqTls } from './options.js';
export { type BridgeHealth, type RabbitMqBridge, rabbitmq } from './rabbitmq.js';
