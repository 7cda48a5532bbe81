import { type LogPlace, type SharedStore, StoreError } from '@imcore/server/ports';
import type { ReadStatements } from './read-statements.js';
import type { Statement } from './statement.js';
import { toKey } from './text-key.js';

/** Maximum places of one statement: it takes some milliseconds. */
const MAX_PLACES = 1000;

/** Runs a statement and returns its rows. Rejects with a `StoreError`. */
export type Query = <Row extends object>(statement: Statement, values: unknown[]) => Promise<readonly Row[]>;

/**
 * What the servers of a cluster need of the database that they share. Many places are looked up with one statement after the
 * other, so that a call uses one connection.
 */
export function sharedPart(statements: ReadStatements, query: Query): SharedStore {
  return {
    async identity() {
      const [row] = await query<{ identity: string }>(statements.identity, []);
      if (row !== undefined) return row.identity;
      throw new StoreError('ERR_STORE_FAILED', 'the table imcore_version must have one row, but is empty');
    },
    async whichWait(places) {
      const waiting = new Set<string>();
      for (let first = 0; first < places.length; first += MAX_PLACES) {
        const some = places.slice(first, first + MAX_PLACES);
        for (const { n } of await query<{ n: string }>(statements.whichWait, valuesOf(some))) {
          const place = some[Number(n) - 1];
          if (place !== undefined) waiting.add(place.userId);
        }
      }
      return waiting;
    },
  };
}

function valuesOf(places: readonly LogPlace[]): unknown[] {
  return [
    places.map(({ userId }) => toKey(userId)),
    places.map(({ after }) => after),
    places.map(({ device }) => device === 'named'),
  ];
}
