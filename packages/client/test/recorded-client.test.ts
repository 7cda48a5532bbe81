import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { composeMessage } from '../src/compose.js';
import type { Effect } from '../src/effects.js';
import type { SendRequest } from '../src/message.js';
import type { Session } from '../src/session.js';
import {
  effect,
  loginAccepted,
  MIDDLE,
  newSession,
  receiveAndHandle,
  runUntil,
  serverError,
} from './fixtures/machine.js';

interface Recording {
  readonly framesSent: readonly string[];
  readonly loginFrameWithoutExtra: string;
  readonly loginFramesAroundError301: readonly string[];
  readonly afterLoginAnswerWithQosAndFp: readonly string[];
  readonly receives: Readonly<Record<string, Received>>;
  readonly messageNeverAcknowledged: { readonly copiesAtMs: number[]; readonly lostAfterMs: number };
}

interface Received {
  readonly events: readonly { ev: string; from?: string; text?: string; typeu?: number; fp?: string }[];
  readonly sentBack: readonly string[];
}

/** What an original Java client wrote and reported; TCP and UDP clients wrote the same packets. */
const recording: Recording = JSON.parse(
  readFileSync(new URL('fixtures/recorded-java-client.json', import.meta.url), 'utf8'),
);

const U = { userId: 'u', token: 't', extra: 'ex"tra' };
const [LOGIN, TEXT, NON_QOS, , , ACKNOWLEDGEMENT, KEEP_ALIVE, BRIDGED_ACKNOWLEDGEMENT, LOGOUT] =
  recording.framesSent;

describe('a client writes the same packets as the recorded one', () => {
  it('to log in', () => {
    expect(frames(newLogin(newSession(), U))).toEqual([LOGIN]);
    expect(frames(newLogin(newSession(), { ...U, extra: undefined }))).toEqual([
      recording.loginFrameWithoutExtra,
    ]);
  });

  it('to send a message, except for the choice of escapes', () => {
    const content = '<a href=\'x\'>中文 😀 & "q" \\ \n\t\u2028 = /';

    const [frame] = send({ to: 'b', content, type: 5, fingerprint: 'FP1' });

    expect(frame).not.toBe(TEXT);
    expect(withoutChoiceOfEscapes(frame)).toBe(withoutChoiceOfEscapes(TEXT));
  });

  it('to send a message without QoS', () => {
    expect(send({ to: 'b', content: 'no qos, no fp', qos: false })).toEqual([NON_QOS]);
  });

  it('to acknowledge', () => {
    const packet = { type: 2, dataContent: 'v', from: 'bob', to: 'u', QoS: true };

    expect(receive({ ...packet, fp: 'R1' }).frames).toEqual([ACKNOWLEDGEMENT]);
    expect(receive({ ...packet, fp: 'R2', bridge: true }).frames).toEqual([BRIDGED_ACKNOWLEDGEMENT]);
  });

  it('to keep the link alive and to log out', () => {
    const session = online();

    expect(frames(session.tick(3_000))).toEqual([KEEP_ALIVE]);
    expect(frames(session.logout('logout'))).toEqual([LOGOUT]);
  });

  it('to log in again after error 301', () => {
    const session = newSession();
    const first = newLogin(session, { ...U, extra: undefined });
    session.receive(loginAccepted(1_700_000_000_001), 0);
    session.receive(serverError(301), 10);
    session.retryNow(20);

    expect(frames([...first, ...session.linkOpened(30)])).toEqual(recording.loginFramesAroundError301);
  });

  it('when a login response requests an acknowledgement, which no server of the protocol does', () => {
    const session = newSession();
    newLogin(session, U);
    const answer = {
      type: 50,
      dataContent: '{"code":0,"firstLoginTime":7}',
      from: '0',
      to: 'u',
      QoS: true,
      fp: 'LG',
    };

    expect(frames(session.receive(JSON.stringify(answer), 1))).toEqual(
      recording.afterLoginAnswerWithQosAndFp,
    );
    expect(session.state).toBe('online');
  });

  it('without an acknowledgement: at the same times, within the interval of the recorded list scan', () => {
    const session = online();
    const { copiesAtMs, lostAfterMs } = recording.messageNeverAcknowledged;
    session.send(compose({ to: 'b', content: 'v', fingerprint: 'F' }), 'wait', 0);
    const happened = answeringKeepAlives(session, 20_000);

    const copies = happened.filter(({ each }) => each.kind === 'write' && each.frame.includes('"fp":"F"'));
    const lost = happened.filter(({ each }) => each.kind === 'undelivered');

    expect([0, ...copies.map(({ at }) => at)].map(near)).toEqual(copiesAtMs.map(near));
    expect(lost.map(({ at }) => near(at))).toEqual([near(lostAfterMs)]);
  });
});

/** The packets that were sent to the recorded client, by experiment. */
const INPUTS: Readonly<Record<string, string>> = {
  'all fields':
    '{"bridge":false,"type":2,"dataContent":"v","from":"b","to":"u","fp":"V1","QoS":true,"typeu":4,"sm":-1}',
  'only type and dataContent': '{"type":2,"dataContent":"v"}',
  'no typeu': '{"type":2,"dataContent":"v","from":"b","to":"u","fp":"V3","QoS":true}',
  'no to': '{"type":2,"dataContent":"v","from":"b","fp":"V4","QoS":true}',
  'QoS without fp': '{"type":2,"dataContent":"v","from":"b","to":"u","QoS":true}',
  'type as string': '{"type":"2","dataContent":"v","from":"b","to":"u","fp":"V6","QoS":"true"}',
  'unknown fields':
    '{"type":2,"dataContent":"v","from":"b","to":"u","fp":"V7","QoS":true,"x":{"y":[1]},"retryCount":2}',
  'other field order, whitespace':
    ' { "QoS" : true ,\n "fp":"V8", "to":"u", "from":"b", "dataContent":"v", "type":2 } ',
  'unescaped < > and raw UTF-8':
    '{"type":2,"dataContent":"<中>&=\'😀","from":"b","to":"u","fp":"V9","QoS":true}',
  'escaped as \\u':
    '{"type":2,"dataContent":"\\u003c\\u4e2d\\ud83d\\ude00","from":"b","to":"u","fp":"V10","QoS":true}',
  nulls: '{"type":2,"dataContent":null,"from":null,"to":null,"fp":null,"QoS":false,"typeu":-1}',
  'sm positive': '{"type":2,"dataContent":"v","from":"b","to":"u","fp":"V12","QoS":true,"sm":1700000000000}',
  'malformed JSON': '{"type":2,"dataContent":',
  'JSON null': 'null',
  'unknown type 77': '{"type":77,"dataContent":"v","from":"0","to":"u"}',
  'type 53 echo': '{"type":53,"dataContent":"v","from":"0","to":"u"}',
  'after all this, still works': '{"type":2,"dataContent":"v","from":"b","to":"u","fp":"V20","QoS":true}',
};

describe('a client handles a packet like the recorded one', () => {
  it.each(Object.entries(INPUTS))('%s', (name, input) => {
    const recorded = recording.receives[name];

    const { effects, frames: sentBack } = receive(input);

    expect(sentBack).toEqual(recorded?.sentBack);
    const seen = effects.flatMap((each) => (each.kind === 'message' ? [each.message] : []));
    expect(seen).toEqual(
      (recorded?.events ?? []).map(({ from, text, typeu, fp }) =>
        expect.objectContaining({
          from: from ?? '-1',
          content: text ?? '',
          type: typeu,
          fingerprint: fp ?? undefined,
        }),
      ),
    );
  });

  it.each(['error 999', 'error without errorMsg'])('%s', (name) => {
    const content = name === 'error 999' ? '{"errorCode":999,"errorMsg":"custom"}' : '{"errorCode":999}';

    const { effects } = receive({ type: 52, dataContent: content, from: '0', to: 'u' });

    expect(effect(effects, 'error').error).toMatchObject({
      serverCode: 999,
      serverText: name === 'error 999' ? 'custom' : undefined,
    });
  });
});

function newLogin(
  session: Session,
  identity: typeof U | { userId: string; token: string; extra: undefined },
) {
  session.login(identity, 0);
  return session.linkOpened(0);
}

function online(): Session {
  const session = newSession();
  newLogin(session, U);
  session.receive(loginAccepted(1), 0);
  return session;
}

function compose(request: SendRequest) {
  return composeMessage(request, 'u', 1, MIDDLE, 0);
}

function send(request: SendRequest): string[] {
  return frames(online().send(compose(request), 'wait', 0));
}

function receive(packet: object | string): { effects: Effect[]; frames: string[] } {
  const frame = typeof packet === 'string' ? packet : JSON.stringify(packet);
  const effects = receiveAndHandle(online(), frame, 0);
  return { effects, frames: frames(effects) };
}

function frames(effects: readonly Effect[]): string[] {
  return effects.flatMap((each) => (each.kind === 'write' ? [each.frame] : []));
}

/** Normalizes the escapes of a text. Keeps the order of the fields. */
function withoutChoiceOfEscapes(frame: string | undefined): string {
  return JSON.stringify(JSON.parse(frame ?? ''));
}

function answeringKeepAlives(session: Session, until: number): { at: number; each: Effect }[] {
  const happened: { at: number; each: Effect }[] = [];
  while (session.nextDeadline <= until) {
    const at = session.nextDeadline;
    for (const { effect: each } of runUntil(session, at)) happened.push({ at, each });
    session.receive('{"type":51,"dataContent":"{}","from":"0","to":"u"}', at);
  }
  return happened;
}

/** The recorded client scans its list every 5 s, so its times are up to 200 ms before ours. */
function near(ms: number): number {
  return Math.ceil((ms - 10) / 500);
}
