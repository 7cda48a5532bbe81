import type { Database } from './database.js';
import { toKey } from './text-key.js';
import type { UserStatements } from './user-statements.js';

/** Users whose rows this node knows to exist: forgotten all at once beyond this number. */
const MAX_KNOWN = 200_000;

/** Makes the rows of users before their logs are locked: a lock needs a row. */
export class Users {
  readonly #database: Database;
  readonly #statements: UserStatements;
  readonly #known = new Set<string>();

  constructor(database: Database, statements: UserStatements) {
    this.#database = database;
    this.#statements = statements;
  }

  /** Makes the rows that do not exist. For users seen before it does nothing. */
  async make(userIds: Iterable<string>): Promise<void> {
    const unknown = [...new Set(userIds)].filter((userId) => !this.#known.has(userId));
    if (unknown.length === 0) return;
    await this.#database.run(async (client) => {
      const { rows } = await client.query<{ n: string }>({
        ...this.#statements.known,
        values: [unknown.map(toKey)],
      });
      const found = new Set(rows.map(({ n }) => Number(n) - 1));
      const missing = unknown.filter((_, index) => !found.has(index));
      if (missing.length > 0) await client.query({ ...this.#statements.make, values: [missing.map(toKey)] });
    });
    if (this.#known.size + unknown.length > MAX_KNOWN) this.#known.clear();
    for (const userId of unknown) this.#known.add(userId);
  }

  /** Rows have disappeared: the database was set back. */
  forgetAll(): void {
    this.#known.clear();
  }
}
