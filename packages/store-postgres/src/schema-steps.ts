import type { ClientBase } from 'pg';
import { migrateToLogs, type ReportProgress } from './log-migration.js';

/** One migration: SQL, or work that reports its progress. */
type SchemaStep = string | ((client: ClientBase, report: ReportProgress) => Promise<void>);

/**
 * The migrations from an empty schema to the newest. The table `imcore_version` holds the number of steps applied. A
 * released step never changes. Steps 1 to 4 are about queues in one table, which step 5 replaces by logs with positions: see
 * `log-schema.ts`.
 *
 * `id` grows in the order of arrival for each receiver, so that a queue is a range of the index on the receiver. A message
 * is waiting while it is neither confirmed nor dead. A confirmed message keeps its row without the body for `rememberMs`,
 * so that a late copy is recognized; with history (`kept`) it keeps its body too. `since` is when its wait began: when it
 * was accepted or resent.
 *
 * The key contains a hash of the receiver, because three ids of the maximum length would not fit into an index row. Two
 * ids with the same SHA-256 cannot be forged.
 *
 * No statement can use two indexes: before the first ANALYZE the planner might choose the wrong one. That is why one has
 * `since >= 0`, and another `confirmed_at + 0`.
 *
 * `imcore_total` holds the totals in shards that are summed up: a single row would be a bottleneck.
 *
 * The only row of `imcore_version` also holds the identity by which servers recognize that they share the database.
 */
export const STEPS: readonly SchemaStep[] = [
  `CREATE TABLE message (
     id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
     receiver bytea NOT NULL,
     sender bytea NOT NULL,
     fingerprint bytea NOT NULL,
     body bytea,
     accepted_at bigint NOT NULL,
     confirmed_at bigint
   );
   CREATE UNIQUE INDEX message_key ON message (sender, fingerprint, sha256(receiver));
   CREATE INDEX message_waiting ON message (receiver, id) WHERE confirmed_at IS NULL;
   CREATE INDEX message_confirmed ON message (confirmed_at) WHERE confirmed_at IS NOT NULL;`,

  `ALTER TABLE message
     ADD COLUMN since bigint,
     ADD COLUMN bytes integer,
     ADD COLUMN died_at bigint,
     ADD COLUMN cause text CHECK (cause IN ('expired', 'displaced')),
     ADD COLUMN kept boolean NOT NULL DEFAULT false;
   UPDATE message SET since = accepted_at, bytes = coalesce(octet_length(body), 0);
   ALTER TABLE message ALTER COLUMN since SET NOT NULL, ALTER COLUMN bytes SET NOT NULL;
   DROP INDEX message_waiting;
   CREATE INDEX message_waiting ON message (receiver, id) WHERE confirmed_at IS NULL AND died_at IS NULL;
   CREATE INDEX message_since ON message (since, id)
     WHERE confirmed_at IS NULL AND died_at IS NULL AND since >= 0;
   CREATE INDEX message_dead ON message (id) WHERE died_at IS NOT NULL;
   CREATE INDEX message_history ON message (least(sender, receiver), greatest(sender, receiver), id) WHERE kept;
   CREATE INDEX message_kept ON message ((confirmed_at + 0)) WHERE kept;
   CREATE TABLE imcore_total (
     shard integer PRIMARY KEY,
     waiting bigint NOT NULL,
     waiting_bytes bigint NOT NULL,
     dead bigint NOT NULL
   ) WITH (fillfactor = 50);
   INSERT INTO imcore_total SELECT n, 0, 0, 0 FROM generate_series(0, 63) AS n;
   UPDATE imcore_total SET (waiting, waiting_bytes) =
     (SELECT count(*), coalesce(sum(bytes), 0) FROM message WHERE confirmed_at IS NULL) WHERE shard = 0;`,

  `ALTER TABLE imcore_total ADD COLUMN total_bytes bigint NOT NULL DEFAULT 0;
   UPDATE imcore_total SET total_bytes = (SELECT coalesce(sum(coalesce(octet_length(body), 0)
     + 2 * (octet_length(receiver) + octet_length(sender) + octet_length(fingerprint)) + 300), 0) FROM message)
     WHERE shard = 0;`,

  'ALTER TABLE imcore_version ADD COLUMN identity uuid NOT NULL DEFAULT gen_random_uuid();',

  migrateToLogs,
];
