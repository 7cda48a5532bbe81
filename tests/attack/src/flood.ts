import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Attack, AttackOptions, AttackOutcome } from './attack.js';
import { Probe } from './probe.js';
import { RawUser } from './raw-user.js';
import { Victim, type VictimOptions } from './victim.js';

/** Memory for JavaScript objects that the server gets, in MiB. */
const HEAP_MIB = 64;

/** Resident memory that the server may take: its heap, and three times as much for the program, sockets and SQLite. */
const MAX_RSS_BYTES = 4 * HEAP_MIB * 1024 * 1024;

/** Bytes that the store may have on the disk. The server is told so. */
const MAX_STORE_BYTES = 32 * 1024 * 1024;

/** The part of the probe's messages that may arrive later than 5 s after the last, when their copies are sent. */
const MAX_LOST = 0.1;

/** What the file may be longer than the store's limit: pages that are free, and the rest of one commit. */
const MAX_FILE_BYTES = 1.25 * MAX_STORE_BYTES;

/** Sessions that send as fast as the server reads. */
const SENDERS = 20;

/** Sessions that receive and do not do their part. */
const RECEIVERS = 100;

/** Content of a message: about as long as TCP carries. */
const CONTENT = 'x'.repeat(5800);

/** Whom a sender writes to. `turn` counts its messages. */
type Receiver = (sender: number, turn: number) => string;

/** Ever new receivers, who have never logged in. */
const toMadeUpUsers: Receiver = (sender, turn) => `nobody-${sender}-${turn}`;

const toReceivers: Receiver = (sender, turn) => `receiver-${(sender * 7 + turn) % RECEIVERS}`;

/** Messages to made-up users, with a store in memory. */
export const madeUpReceivers: Attack = {
  summary: `messages to made-up users, a store in memory, a heap of ${HEAP_MIB} MiB`,
  run: (options) => flood(options, { store: 'memory' }, toMadeUpUsers),
};

/** Messages to made-up users, with a store on the disk. */
export const madeUpReceiversOnDisk: Attack = {
  summary: `messages to made-up users, a store on the disk, a heap of ${HEAP_MIB} MiB`,
  run: (options) =>
    onDisk((file) => flood(options, { store: { file, maxTotalBytes: MAX_STORE_BYTES } }, toMadeUpUsers)),
};

/** Long messages to users who read nothing, and to users who acknowledge nothing. */
export const slowReaders: Attack = {
  summary: `long messages to ${RECEIVERS} users who read or acknowledge nothing, a heap of ${HEAP_MIB} MiB`,
  run: (options) =>
    onDisk((file) => flood(options, { store: { file, maxTotalBytes: MAX_STORE_BYTES } }, toReceivers)),
};

async function onDisk(attack: (file: string) => Promise<AttackOutcome>): Promise<AttackOutcome> {
  const folder = mkdtempSync(path.join(tmpdir(), 'imcore-attack-'));
  try {
    return await attack(path.join(folder, 'messages.db'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function flood(
  { seconds }: AttackOptions,
  options: VictimOptions,
  receiver: Receiver,
): Promise<AttackOutcome> {
  const victim = await Victim.start(options, [`--max-old-space-size=${HEAP_MIB}`]);
  const probe = await Probe.start(victim.ports.tcp);
  const receivers = receiver === toReceivers ? await loginReceivers(victim.ports.tcp) : [];
  const until = performance.now() + seconds * 1000;
  let maxRssBytes = 0;
  const watch = setInterval(() => {
    if (victim.isAlive) maxRssBytes = Math.max(maxRssBytes, victim.rssBytes());
  }, 100);
  const counts = await Promise.all(
    Array.from({ length: SENDERS }, (_, sender) => sendUntil(until, victim, sender, receiver)),
  );
  clearInterval(watch);
  for (const user of receivers) user.close();
  const { lost, p50Ms, maxMs, sent } = await probe.stop();
  const state = await victim.state().catch(() => undefined);
  const fileBytes = typeof options.store === 'object' ? statSync(options.store.file).size : 0;
  const figures = {
    messages: counts.reduce((sum, count) => sum + count, 0),
    accepted: state?.metrics['messagesAccepted'] ?? Number.NaN,
    stored: state?.metrics['messagesStored'] ?? Number.NaN,
    ...Object.fromEntries(
      Object.entries(state?.limited ?? {}).map(([name, times]) => [`limited ${name}`, times]),
    ),
    fileMiB: fileBytes / 1024 / 1024,
    maxRssMiB: maxRssBytes / 1024 / 1024,
    probeMessages: sent,
    probeP50Ms: p50Ms,
    probeMaxMs: maxMs,
  };
  const problems = [
    ...(victim.isAlive ? [] : ['the server has ended']),
    ...(maxRssBytes > MAX_RSS_BYTES
      ? [`the server took ${maxRssBytes} bytes, more than ${MAX_RSS_BYTES}`]
      : []),
    ...(fileBytes > MAX_FILE_BYTES ? [`the store has ${fileBytes} bytes, more than ${MAX_FILE_BYTES}`] : []),
    ...(lost > MAX_LOST * sent ? [`${lost} of ${sent} messages of the probe had not arrived after 5 s`] : []),
  ];
  await victim.stop();
  return { figures, problems };
}

/** Half of them read nothing; the others read and acknowledge nothing. */
async function loginReceivers(port: number): Promise<readonly RawUser[]> {
  const users = await Promise.all(
    Array.from({ length: RECEIVERS }, (_, number) => RawUser.login(`receiver-${number}`, port)),
  );
  for (const [number, user] of users.entries()) {
    if (number % 2 === 0) user.stopReading();
    else user.ignore();
  }
  return users;
}

/** Sends until an instant; logs in again if the server ends the session. Resolves with the number of messages. */
async function sendUntil(until: number, victim: Victim, sender: number, receiver: Receiver): Promise<number> {
  const name = `sender-${sender}`;
  let count = 0;
  while (performance.now() < until && victim.isAlive) {
    const user = await RawUser.login(name, victim.ports.tcp);
    user.ignore();
    while (performance.now() < until && user.isOpen) {
      count += 1;
      await user.send(name, receiver(sender, count), CONTENT, `${count}`, until);
    }
    user.close();
  }
  return count;
}
