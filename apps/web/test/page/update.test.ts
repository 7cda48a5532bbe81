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

const signedIn: AppEvent = { kind: 'signed-in', at: 5, isFocused: true, isDevice: false };

describe('signing in', () => {
  it('logs in with a short timeout, and opens the workspace when the server has accepted', () => {
    const { state, effects } = run(first, { kind: 'submitted' }, signedIn);
    expect(state.stage).toMatchObject({
      name: 'signed-in',
      workspace: { account, connection: { state: 'online' } },
    });
    expect(effects).toEqual([
      { kind: 'log-in', account, timeout: 'short' },
      { kind: 'remember', account, form },
      { kind: 'open-history', account },
    ]);
  });

  it('returns to the form with the problem, and without one if it was cancelled', () => {
    const problem = { code: 'rejected', serverCode: 1025 } as const;
    const rejected = run(first, { kind: 'submitted' }, { kind: 'sign-in-failed', problem });
    expect(rejected.state.stage).toEqual({ name: 'signed-out', form, problem });
    expect(rejected.effects.at(-1)).toEqual({ kind: 'log-out' });
    const cancelled = run(first, { kind: 'submitted' }, { kind: 'cancelled' });
    expect(cancelled.state.stage).toEqual({ name: 'signed-out', form, problem: undefined });
  });

  it('does not log in with an invalid form', () => {
    const empty = run(first, { kind: 'form-changed', form: { ...form, userId: ' ' } }, { kind: 'submitted' });
    expect(empty.state.stage).toMatchObject({ problem: { code: 'user-id-missing' } });
    expect(empty.effects).toEqual([]);
  });

  it('ignores a second submit', () => {
    const { effects } = run(first, { kind: 'submitted' }, { kind: 'submitted' });
    expect(effects.length).toBe(1);
  });

  it('removes the problem when the form is changed', () => {
    const { state } = run(
      first,
      { kind: 'form-changed', form: { ...form, userId: '' } },
      { kind: 'submitted' },
      { kind: 'form-changed', form },
    );
    expect(state.stage).toMatchObject({ problem: undefined });
  });
});

describe('a reloaded page', () => {
  it('shows the workspace at once, opens the history and logs in with a long timeout', () => {
    const { state, effects } = resumed(first, account, form, false);
    expect(state.stage).toMatchObject({
      name: 'signed-in',
      workspace: { connection: { state: 'connecting', isFirst: true }, history: 'opening' },
    });
    expect(effects).toEqual([
      { kind: 'open-history', account },
      { kind: 'log-in', account, timeout: 'long' },
    ]);
  });

  it('returns to the form if the server rejects the login', () => {
    const problem = { code: 'rejected', serverCode: 1025 } as const;
    const { state } = run(resumed(first, account, form, true).state, { kind: 'sign-in-failed', problem });
    expect(state.stage).toMatchObject({ name: 'signed-out', problem, form: { userId: 'alice', token: '' } });
  });
});

describe('signing out', () => {
  it('deletes the token from the form and from the browser', () => {
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
  it('can be changed in any state and are saved', () => {
    const { state, effects } = run(
      first,
      { kind: 'language-chosen', language: 'zh' },
      { kind: 'theme-chosen', theme: 'dark' },
    );
    expect(state.preferences).toEqual({ language: 'zh', theme: 'dark' });
    expect(effects.at(-1)).toEqual({ kind: 'keep-preferences', preferences: state.preferences });
  });
});

describe('an event of the workspace', () => {
  it('is ignored before the sign-in', () => {
    const early: AppEvent = { kind: 'waiting', retryAt: 1, problem: undefined };
    expect(update(first, early)).toEqual({ state: first, effects: [] });
    const trying = run(first, { kind: 'submitted' }).state;
    expect(update(trying, early).state).toBe(trying);
  });
});
