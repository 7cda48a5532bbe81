export { bridgeElsewhere } from './bridge-elsewhere.js';
export { BridgeError } from './bridge-error.js';
export { type BridgeRoute, type BridgeRouteOptions, bridgeRoute } from './bridge-route.js';
export type { Broker, BrokerHealth, BrokerHost, BrokerMessage, BrokerVerdict } from './broker.js';
export type { RabbitMqOptions, RabbitMqTls } from './options.js';
export { rabbitmq, rabbitmqBroker } from './rabbitmq.js';
