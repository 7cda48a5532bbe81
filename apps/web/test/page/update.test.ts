import { describe, expect, it } from 'vitest';
import type { AppState } from '../../page/model/app-state.js';
import type { AppEffect } from '../../page/model/effects.js';
import type { AppEvent } from '../../page/model/events.js';
import { resumed, update } from '../../page/model/update.js';

const form = { server: 'ws://127.0.0.1:3000/websocket', userId: 'alice', token: 'secret', remember: true };
const account = { userId: 'alice', server: 'ws://127.0.0.1:3000/websocket', token: 'secret' };
const first: AppState = {
  preferences: { language: 'en', theme: 'system' },
  config: { webSocket: { port: 3000 }, tokenRequired: false, otherServers: false },
  location: { protocol: 'http:', hostname: '127.0.0.1' },
  stage: { name: 'signed-out', form, problem: undefined },
};

function run(state: AppState, ...events: AppEvent[]): { state: AppState; effects: AppEffect[] } {
  const effects: AppEffect[] = [];
  let current = state;
  for (const event of events) {
    const step = update(current, event);
    current = step.state;
    effects.push(...step.effects);
  }
  return { state: current, effects };
}

const signedIn: AppEvent = { kind: 'signed-in', at: 5, isWatched: true };

describe('signing in', () => {
  it('tries briefly, and opens the desk when the server has accepted', () => {
    const { state, effects } = run(first, { kind: 'submitted' }, signedIn);
    expect(state.stage).toMatchObject({
      name: 'signed-in',
      desk: { account, connection: { state: 'online' } },
    });
    expect(effects).toEqual([
      { kind: 'log-in', account, patience: 'brief' },
      { kind: 'remember', account, form },
      { kind: 'open-history', account },
    ]);
  });

  it('comes back to the form with the reason, and to one without when it is cancelled', () => {
    const problem = { code: 'rejected', serverCode: 1025 } as const;
    const rejected = run(first, { kind: 'submitted' }, { kind: 'sign-in-failed', problem });
    expect(rejected.state.stage).toEqual({ name: 'signed-out', form, problem });
    expect(rejected.effects.at(-1)).toEqual({ kind: 'log-out' });
    const cancelled = run(first, { kind: 'submitted' }, { kind: 'cancelled' });
    expect(cancelled.state.stage).toEqual({ name: 'signed-out', form, problem: undefined });
  });

  it('does not trouble the server with a form that cannot be', () => {
    const empty = run(first, { kind: 'form-changed', form: { ...form, userId: ' ' } }, { kind: 'submitted' });
    expect(empty.state.stage).toMatchObject({ problem: { code: 'user-id-missing' } });
    expect(empty.effects).toEqual([]);
  });

  it('takes a second click for none', () => {
    const { effects } = run(first, { kind: 'submitted' }, { kind: 'submitted' });
    expect(effects.length).toBe(1);
  });

  it('drops a complaint as soon as the form is corrected', () => {
    const { state } = run(
      first,
      { kind: 'form-changed', form: { ...form, userId: '' } },
      { kind: 'submitted' },
      { kind: 'form-changed', form },
    );
    expect(state.stage).toMatchObject({ problem: undefined });
  });
});

describe('a page that is loaded again', () => {
  it('shows the desk at once, reads the history and logs in for as long as it takes', () => {
    const { state, effects } = resumed(first, account, form, false);
    expect(state.stage).toMatchObject({
      name: 'signed-in',
      desk: { connection: { state: 'connecting', isFirst: true }, history: 'opening' },
    });
    expect(effects).toEqual([
      { kind: 'open-history', account },
      { kind: 'log-in', account, patience: 'endless' },
    ]);
  });

  it('goes to the form when the server refuses the login by now', () => {
    const problem = { code: 'rejected', serverCode: 1025 } as const;
    const { state } = run(resumed(first, account, form, true).state, { kind: 'sign-in-failed', problem });
    expect(state.stage).toMatchObject({ name: 'signed-out', problem, form: { userId: 'alice', token: '' } });
  });
});

describe('signing out', () => {
  it('forgets the token, in the form and in the browser', () => {
    const { state, effects } = run(first, { kind: 'submitted' }, signedIn, { kind: 'signed-out' });
    const empty = { ...form, token: '' };
    expect(state.stage).toEqual({ name: 'signed-out', form: empty, problem: undefined });
    expect(effects.slice(-3)).toEqual([
      { kind: 'log-out' },
      { kind: 'remember', account: undefined, form: empty },
      { kind: 'show-peer', peer: undefined },
    ]);
  });
});

describe('preferences', () => {
  it('are taken anywhere and kept', () => {
    const { state, effects } = run(
      first,
      { kind: 'language-chosen', language: 'zh' },
      { kind: 'theme-chosen', theme: 'dark' },
    );
    expect(state.preferences).toEqual({ language: 'zh', theme: 'dark' });
    expect(effects.at(-1)).toEqual({ kind: 'keep-preferences', preferences: state.preferences });
  });
});

describe('an event of the desk', () => {
  it('changes nothing before there is a desk', () => {
    const early: AppEvent = { kind: 'waiting', retryAt: 1, problem: undefined };
    expect(update(first, early)).toEqual({ state: first, effects: [] });
    const trying = run(first, { kind: 'submitted' }).state;
    expect(update(trying, early).state).toBe(trying);
  });
});
