import type { AppState, Stage } from './app-state.js';
import { type Account, newDesk } from './desk.js';
import { updateDesk } from './desk-update.js';
import { type AppEffect, type Step, step } from './effects.js';
import type { AppEvent } from './events.js';
import { checkForm, type LoginForm } from './login-form.js';
import type { Problem } from './problem.js';

/**
 * The page's machine: what an event makes of the state, and what is to be done outside. Knows no clock, no chance, no
 * browser; whatever it needs of them comes with the event.
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

/** The page of somebody who is logged in as far as this browser knows: after a reload, or remembered. */
export function resumed(
  state: AppState,
  account: Account,
  form: LoginForm,
  isWatched: boolean,
): Step<AppState> {
  const desk = newDesk(account, { state: 'connecting', isFirst: true }, isWatched);
  return step(
    { ...state, stage: { name: 'signed-in', form, desk } },
    { kind: 'open-history', account },
    { kind: 'log-in', account, patience: 'endless' },
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
    { kind: 'log-in', account: checked, patience: 'brief' },
  );
}

function updateSigningIn(stage: Extract<Stage, { name: 'signing-in' }>, event: AppEvent): Step<Stage> {
  const { form, account } = stage;
  switch (event.kind) {
    case 'signed-in': {
      const connection = { state: 'online', since: event.at, roundTripMs: undefined } as const;
      const desk = newDesk(account, connection, event.isWatched);
      return step(
        { name: 'signed-in', form, desk },
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
  const { form, desk } = stage;
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
      const next = updateDesk(desk, event);
      return { state: next.state === desk ? stage : { ...stage, desk: next.state }, effects: next.effects };
    }
  }
}

/** To the form, which keeps what is no secret. */
function leave(form: LoginForm, problem: Problem | undefined): Step<Stage> {
  const empty = { ...form, token: '' };
  const effects: AppEffect[] = [
    { kind: 'log-out' },
    { kind: 'remember', account: undefined, form: empty },
    { kind: 'show-peer', peer: undefined },
  ];
  return { state: { name: 'signed-out', form: empty, problem }, effects };
}
