export { natsCluster } from './nats-cluster.js';
export type { NatsClusterOptions, NatsTls } from './options.js';
