import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loginPacket, loginResponsePacket, readLoginRequest, readLoginResponse } from '../../src/control.js';
import { decodeFrameBody } from '../../src/decode.js';
import { encodePacket } from '../../src/encode.js';
import {
  encodeEntryExtension,
  encodeMessageExtension,
  readEntryExtension,
  readMessageExtension,
} from '../../src/extension/data-extension.js';
import { withExtension } from '../../src/extension/extension-frame.js';
import {
  encodeExtensionPacket,
  readClientExtensionPacket,
  readServerExtensionPacket,
} from '../../src/extension/extension-packet.js';
import { encodeKeepAliveLast, readKeepAliveLast } from '../../src/extension/log-packets.js';
import { loginAnswerMember, readLoginAnswer } from '../../src/extension/login-answer.js';
import { loginOfferMember, readLoginOffer } from '../../src/extension/login-offer.js';
import { InvalidMember } from '../../src/extension/members.js';
import { hasSessionKey } from '../../src/extension/session-key.js';
import type { Packet } from '../../src/packet.js';
import { utf8 } from '../packet-fixture.js';

interface VectorFrame {
  readonly dir: 'c2s' | 's2c';
  readonly body: string;
  readonly bytes: number;
  /** What the frame's `x` is read as; `null`: nothing. */
  readonly reads?: unknown;
  readonly invalid?: string;
  /** Whether the same value is written as the same bytes. */
  readonly writes: 'exact' | 'not';
  readonly key?: string;
}

const FOLDER = new URL('../../../../docs/protocol/vectors/', import.meta.url);
/** Single frames. Conversations are played by the server's tests. */
const names = readdirSync(FOLDER).filter((name) => /^x-(?!conversation-).*\.json$/.test(name));
const framesOf = (name: string): readonly VectorFrame[] =>
  JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')).frames;

/** The random capability of the vectors is g7f3a. */
const random = () => 0x7f3a / 0x10000;

/** Reads the `x` of a packet, whatever its type. */
function read(packet: Packet, dir: VectorFrame['dir']): unknown {
  if (packet.type === 0) return readLoginOffer(readLoginRequest(packet.dataContent).x);
  if (packet.type === 50) return readLoginAnswer(readLoginResponse(packet.dataContent).x);
  if (packet.type === 51) return readKeepAliveLast(packet.x);
  if (packet.type === 2 && dir === 'c2s') return readMessageExtension(packet.x);
  if (packet.type === 2) return readEntryExtension(packet.x);
  return dir === 'c2s' ? readClientExtensionPacket(packet) : readServerExtensionPacket(packet);
}

/** Writes a packet with what {@link read} has returned. */
function write(packet: Packet, value: never, dir: VectorFrame['dir'], key: string | undefined): string {
  if (packet.type === 0) {
    const x = value === undefined ? undefined : loginOfferMember(value, random);
    return encodePacket(loginPacket({ ...readLoginRequest(packet.dataContent), x }));
  }
  if (packet.type === 50) {
    const x = value === undefined ? undefined : loginAnswerMember(value);
    return encodePacket(loginResponsePacket({ ...readLoginResponse(packet.dataContent), x }, 'alice'));
  }
  if (packet.type === 51) return withExtension(encodePacket(packet), encodeKeepAliveLast(value));
  if (packet.type === 2 && dir === 'c2s')
    return withExtension(encodePacket(packet), encodeMessageExtension(value, key));
  if (packet.type === 2) return withExtension(encodePacket(packet), encodeEntryExtension(value));
  return encodeExtensionPacket(value, { from: packet.from ?? '', to: packet.to ?? '' }, key);
}

/** As JSON has it: without undefined members, and maps as objects. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null, (_, v) => (v instanceof Map ? Object.fromEntries(v) : v)));

it('there are vectors of the extension', () => {
  expect(names.length).toBe(8);
});

describe.each(names)('%s', (name) => {
  it.each(framesOf(name).map((frame) => [frame.body, frame] as const))('%s', (body, frame) => {
    const packet = decodeFrameBody(utf8(body), 'keep');
    expect(utf8(body).length).toBe(frame.bytes);
    const value = read(packet, frame.dir);
    if (frame.invalid !== undefined) {
      expect(value).toBeInstanceOf(InvalidMember);
      expect((value as InvalidMember).member).toBe(frame.invalid);
      return;
    }
    const { parameters: _, ...members } = (plain(value) ?? {}) as { parameters?: unknown };
    const isObject = typeof value === 'object' && value !== null;
    expect(isObject ? members : plain(value)).toEqual(frame.reads);
    if (frame.key !== undefined) expect(hasSessionKey(packet.x, frame.key)).toBe(frame.dir === 'c2s');
    if (frame.writes === 'exact') expect(write(packet, value as never, frame.dir, frame.key)).toBe(body);
  });
});
