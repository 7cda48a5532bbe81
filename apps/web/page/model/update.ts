import type { AppState, Stage } from './app-state.js';
import { type AppEffect, type Step, step } from './effects.js';
import type { AppEvent } from './events.js';
import { checkForm, type LoginForm } from './login-form.js';
import type { Problem } from './problem.js';
import { type Account, newWorkspace } from './workspace.js';
import { updateWorkspace } from './workspace-update.js';

/**
 * The state machine of the page: applies an event to the state and returns the new state with its side effects. Pure:
 * times and random values are part of the events.
 */
export function update(state: AppState, event: AppEvent): Step<AppState> {
  switch (event.kind) {
    case 'language-chosen':
      return withPreferences({ ...state, preferences: { ...state.preferences, language: event.language } });
    case 'theme-chosen':
      return withPreferences({ ...state, preferences: { ...state.preferences, theme: event.theme } });
    default: {
      const { state: stage, effects } = updateStage(state, event);
      return stage === state.stage ? { state, effects } : { state: { ...state, stage }, effects };
    }
  }
}

/** Restores a saved login, after a reload or with "stay signed in". */
export function resumed(
  state: AppState,
  account: Account,
  form: LoginForm,
  isFocused: boolean,
): Step<AppState> {
  const workspace = newWorkspace(account, { state: 'connecting', isFirst: true }, isFocused);
  return step(
    { ...state, stage: { name: 'signed-in', form, workspace } },
    { kind: 'open-history', account },
    { kind: 'log-in', account, timeout: 'long' },
  );
}

function withPreferences(state: AppState): Step<AppState> {
  return step(state, { kind: 'keep-preferences', preferences: state.preferences });
}

function updateStage(state: AppState, event: AppEvent): Step<Stage> {
  const { stage } = state;
  switch (stage.name) {
    case 'signed-out':
      if (event.kind === 'form-changed') return step({ ...stage, form: event.form, problem: undefined });
      if (event.kind === 'submitted') return submit(state, stage.form);
      return step(stage);
    case 'signing-in':
      return updateSigningIn(stage, event);
    case 'signed-in':
      return updateSignedIn(stage, event);
    default:
      return stage satisfies never;
  }
}

function submit({ config, location }: AppState, form: LoginForm): Step<Stage> {
  const checked = checkForm(form, config, location);
  if ('code' in checked) return step({ name: 'signed-out', form, problem: checked });
  return step(
    { name: 'signing-in', form, account: checked },
    { kind: 'log-in', account: checked, timeout: 'short' },
  );
}

function updateSigningIn(stage: Extract<Stage, { name: 'signing-in' }>, event: AppEvent): Step<Stage> {
  const { form, account } = stage;
  switch (event.kind) {
    case 'signed-in': {
      const connection = { state: 'online', since: event.at, roundTripMs: undefined } as const;
      const { isFocused, isDevice } = event;
      const workspace = { ...newWorkspace(account, connection, isFocused), isDevice };
      return step(
        { name: 'signed-in', form, workspace },
        { kind: 'remember', account, form },
        { kind: 'open-history', account },
      );
    }
    case 'sign-in-failed':
      return step({ name: 'signed-out', form, problem: event.problem }, { kind: 'log-out' });
    case 'cancelled':
      return step({ name: 'signed-out', form, problem: undefined }, { kind: 'log-out' });
    default:
      return step(stage);
  }
}

function updateSignedIn(stage: Extract<Stage, { name: 'signed-in' }>, event: AppEvent): Step<Stage> {
  const { form, workspace } = stage;
  switch (event.kind) {
    case 'signed-out':
      return leave(form, undefined);
    case 'sign-in-failed':
      return leave(form, event.problem);
    case 'form-changed':
    case 'submitted':
    case 'cancelled':
    case 'signed-in':
    case 'language-chosen':
    case 'theme-chosen':
      return step(stage);
    default: {
      const next = updateWorkspace(workspace, event);
      return {
        state: next.state === workspace ? stage : { ...stage, workspace: next.state },
        effects: next.effects,
      };
    }
  }
}

/** Signs out: shows the form without the token. */
function leave(form: LoginForm, problem: Problem | undefined): Step<Stage> {
  const empty = { ...form, token: '' };
  const effects: AppEffect[] = [
    { kind: 'log-out' },
    { kind: 'remember', account: undefined, form: empty },
    { kind: 'show-peer', peer: undefined },
  ];
  return { state: { name: 'signed-out', form: empty, problem }, effects };
}
