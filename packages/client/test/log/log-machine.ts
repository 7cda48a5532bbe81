import {
  ExtensionType,
  encodeExtensionPacket,
  encodePacket,
  type LogPosition,
  type LogStart,
  loginAnswerMember,
  loginResponsePacket,
  type ServerExtensionPacket,
} from '@imcore/protocol';
import type { Effect } from '../../src/effects.js';
import { DeviceLog } from '../../src/log/device-log.js';
import type { Session } from '../../src/session.js';
import type { SessionSettings } from '../../src/session-settings.js';
import { ALICE, MIDDLE, newSession } from '../fixtures/machine.js';

const START: LogStart = { epoch: 'e', position: 0, first: 1, last: 0, window: 64 };

/** A session with a log that is logged in as alice's laptop at instant 0, with the effects of that. What it saves is stored. */
export function negotiatedSession(
  settings: Partial<SessionSettings> = {},
  { start = {}, position, key }: { start?: Partial<LogStart>; position?: LogPosition; key?: string } = {},
): { session: Session; effects: Effect[] } {
  const session = offeringSession(settings, position);
  const effects = session.receive(loginAnswer(start, key), 0);
  return { session, effects: [...effects, ...saveAll(session, effects, 0)] };
}

/** The same before the login response. */
export function offeringSession(settings: Partial<SessionSettings> = {}, position?: LogPosition): Session {
  const session = logSession(settings);
  session.login(ALICE, 0);
  session.restored([], [], 0, { id: 'laptop', position });
  session.linkOpened(0);
  return session;
}

export function logSession(settings: Partial<SessionSettings> = {}): Session {
  return newSession({ hasOutbox: true, ...settings }, MIDDLE, (...parts) => new DeviceLog(...parts));
}

/** Opens the link again and accepts the login. */
export function relogin(session: Session, now: number, start: Partial<LogStart>, key?: string): Effect[] {
  session.linkOpened(now);
  return session.receive(loginAnswer(start, key), now);
}

export function loginAnswer(start: Partial<LogStart> = {}, key?: string): string {
  const x = loginAnswerMember({ capabilities: ['log'], log: { ...START, ...start }, key });
  return encodePacket(loginResponsePacket({ code: 0, firstLoginTime: 1, x }, 'alice'));
}

/** A message with a position: from bob to alice. */
export function entry(
  position: number,
  fields: { from?: string; to?: string; fp?: string; k?: string } = {},
): string {
  const { from = 'bob', to = 'alice', fp = `fp-${position}`, k } = fields;
  const x = { s: position, i: position, t: 1000 + position, k };
  return JSON.stringify({ type: 2, dataContent: `m${position}`, from, to, fp, QoS: true, typeu: -1, x });
}

export function stored(fingerprint: string, position: number): string {
  return packet({ type: ExtensionType.Stored, fingerprint, position, messageId: 7, serverTime: 1000 });
}

export function packet(packet: ServerExtensionPacket): string {
  return encodeExtensionPacket(packet, { from: '0', to: 'alice' });
}

/** Handles all messages among the effects. Returns the effects of that. */
export function handleAll(session: Session, effects: readonly Effect[], now: number): Effect[] {
  return effects.flatMap((each) => (each.kind === 'message' ? session.handled(each.hold, now) : []));
}

/** Stores all positions among the effects. Returns the effects of that. */
export function saveAll(session: Session, effects: readonly Effect[], now: number): Effect[] {
  return effects.flatMap((each) =>
    each.kind === 'save-position' ? session.positionSaved(each.position, now) : [],
  );
}

/** The types of the written packets, with their `x`. */
export function writtenX(effects: readonly Effect[]): [number, unknown][] {
  return effects.flatMap((each) => {
    if (each.kind !== 'write') return [];
    const { type, x } = JSON.parse(each.frame) as { type: number; x?: unknown };
    return [[type, x] as [number, unknown]];
  });
}
