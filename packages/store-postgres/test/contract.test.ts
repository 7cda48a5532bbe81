import { describeMessageStore } from '@imcore/testkit/contracts';
import { describe } from 'vitest';
import { postgresStore } from '../src/postgres-store.js';
import { hasPostgres, url, useSchemas } from './database-under-test.js';

describe.runIf(await hasPostgres())('on PostgreSQL', () => {
  const newSchema = useSchemas();

  describeMessageStore(
    'postgresStore',
    ({ retention, wallTime }) =>
      Promise.resolve(postgresStore({ url, schema: newSchema(), ...retention, wallTime })),
    ({ retention, wallTime }) => {
      const options = { url, schema: newSchema(), ...retention, wallTime };
      return Promise.resolve([postgresStore(options), postgresStore(options)]);
    },
  );
});
