import { describeMessageStore } from '@imcore/testkit/contracts';
import { describe } from 'vitest';
import { postgresStore } from '../src/postgres-store.js';
import { hasPostgres, url, useSchemas } from './database-under-test.js';

describe.runIf(await hasPostgres())('on PostgreSQL at 127.0.0.1:5432', () => {
  const newSchema = useSchemas();

  describeMessageStore('postgresStore', ({ maxMessagesPerUser }) => {
    const bound = maxMessagesPerUser === undefined ? {} : { maxPerUser: maxMessagesPerUser };
    return Promise.resolve(postgresStore({ url, schema: newSchema(), ...bound }));
  });
});
