import { appendStatement } from './append-statement.js';
import { type DeadStatements, deadStatements } from './dead-statements.js';
import { type ReadStatements, readStatements } from './read-statements.js';
import { type RemovalStatements, removalStatements } from './removal-statements.js';
import type { Statement } from './statement.js';
import { tablesOf } from './tables.js';
import { type TakingStatements, takingStatements } from './taking-statements.js';
import { type UserStatements, userStatements } from './user-statements.js';

/** The statements of one store. Those that change totals do it last, so that there is no deadlock. */
export interface Statements {
  /** Appends up to `rows` messages (a power of two), without or with options: see {@link appendStatement}. */
  append(rows: number, hasOptions: boolean): Statement;
  readonly read: ReadStatements;
  readonly taking: TakingStatements;
  readonly removal: RemovalStatements;
  readonly dead: DeadStatements;
  readonly user: UserStatements;
}

export function statementsFor(schema: string): Statements {
  const tables = tablesOf(schema);
  const [plain, withOptions] = [appendStatement(tables, false), appendStatement(tables, true)];
  return {
    append: (rows, hasOptions) => (hasOptions ? withOptions(rows) : plain(rows)),
    read: readStatements(tables),
    taking: takingStatements(tables),
    removal: removalStatements(tables),
    dead: deadStatements(tables),
    user: userStatements(tables),
  };
}
