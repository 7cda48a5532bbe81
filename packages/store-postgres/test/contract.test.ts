import { describeMessageStore } from '@imcore/testkit/contracts';
import { describe } from 'vitest';
import { postgresStore } from '../src/postgres-store.js';
import { hasPostgres, url, useSchemas } from './database-under-test.js';

describe.runIf(await hasPostgres())('on PostgreSQL', () => {
  const newSchema = useSchemas();

  describeMessageStore(
    'postgresStore',
    ({ retention: { maxPerUser = 100_000, rememberMs = 60_000 }, wallTime }) =>
      Promise.resolve(postgresStore({ url, schema: newSchema(), maxPerUser, rememberMs, wallTime })),
    {
      without: [
        'confirming',
        'bounds',
        'displacing',
        'expiry',
        'deadLetters',
        'history',
        'health',
        'oddities',
      ],
    },
  );
});
