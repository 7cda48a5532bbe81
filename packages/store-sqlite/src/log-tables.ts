import type { Retention } from '@imcore/server/ports';
import { ConversationRows } from './conversation-rows.js';
import { DeviceRows } from './device-rows.js';
import { EntryRows } from './entry-rows.js';
import { KeyIndex } from './key-index.js';
import { MessageStates } from './message-states.js';
import type { OccupiedQueues } from './occupied-queues.js';
import { Remover } from './remover.js';
import type { Database } from './sqlite-module.js';
import { Totals } from './totals.js';
import { UsedBytes } from './used-bytes.js';
import type { User } from './user.js';
import { UserRows } from './user-rows.js';

/**
 * The tables of a store, for the classes that change them. All changes are made in transactions of the caller: {@link begin}, changes,
 * {@link end}, the commit, and then {@link committed}; or {@link rolledBack}.
 */
export class LogTables {
  readonly retention: Required<Retention>;
  readonly totals: Totals;
  readonly devices: DeviceRows;
  readonly users: UserRows;
  readonly entries: EntryRows;
  readonly keys: KeyIndex;
  readonly states: MessageStates;
  readonly conversations: ConversationRows;
  readonly used: UsedBytes;
  readonly remover: Remover;

  constructor(database: Database, retention: Required<Retention>, occupied?: OccupiedQueues) {
    this.retention = retention;
    this.totals = new Totals(database);
    this.devices = new DeviceRows(database);
    this.users = new UserRows(database, this.totals, this.devices, occupied);
    this.entries = new EntryRows(database);
    this.keys = new KeyIndex(database);
    this.states = new MessageStates(database, retention.historyMs > 0);
    this.conversations = new ConversationRows(database);
    this.used = new UsedBytes(database);
    this.remover = new Remover(this.users, this.devices, this.entries, this.states);
  }

  begin(): void {
    const areRight = this.totals.begin();
    this.users.begin(areRight);
    this.conversations.begin(areRight);
    this.used.begin();
  }

  /** Writes what was gathered, before the commit. */
  end(): void {
    this.entries.flush();
    this.keys.flush();
    for (const user of this.users.changed) this.settle(user);
    this.users.end();
    this.conversations.end();
    this.totals.end();
  }

  /** Moves the v6 position of a user over entries that were removed, or taken out of order. */
  settle(user: User): void {
    if (!user.isUnsettled) return;
    const first = this.entries.firstUntaken(user.no, user.v6);
    user.v6 = first === undefined ? user.last : first.position - 1;
    user.isUnsettled = false;
  }

  committed(): void {
    this.users.committed();
    this.remover.committed();
  }

  rolledBack(): void {
    this.entries.discard();
    this.keys.discard();
    this.totals.rolledBack();
    this.remover.rolledBack();
  }
}
