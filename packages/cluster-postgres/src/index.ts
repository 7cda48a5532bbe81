export type { PostgresClusterOptions, PostgresConnection } from './options.js';
export { postgresCluster } from './postgres-cluster.js';
