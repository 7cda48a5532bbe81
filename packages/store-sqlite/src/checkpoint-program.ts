/**
 * The program of the thread that runs checkpoints. It opens its own connection and imports nothing of ours. It answers each
 * message with the length of the log.
 *
 * A checkpoint that cuts the log locks out writers for its duration: it runs only when a passive one has left little to do.
 */
export const CHECKPOINT_PROGRAM = `
const { statSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const { DatabaseSync } = require(workerData.specifier);
const MOST_PAGES_LEFT = 2048;
let database;

function checkpoint(mayCut) {
  if (database === undefined) {
    database = new DatabaseSync(workerData.file);
    database.exec('PRAGMA busy_timeout = 100; PRAGMA synchronous = FULL');
  }
  const { log, checkpointed } = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
  if (mayCut && log - checkpointed <= MOST_PAGES_LEFT) database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
}

parentPort.on('message', (word) => {
  try {
    checkpoint(word !== 'checkpoint');
  } catch {
    // It is tried again. If this thread fails, the store's own connection runs checkpoints.
  }
  if (word === 'close') {
    database?.close();
    parentPort.close();
    return;
  }
  parentPort.postMessage(statSync(workerData.file + '-wal', { throwIfNoEntry: false })?.size ?? 0);
});
`;
