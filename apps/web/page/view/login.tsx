import { useEffect, useId, useRef } from 'preact/hooks';
import type { Preferences, Stage } from '../model/app-state.js';
import type { LoginForm } from '../model/login-form.js';
import { fieldOf, type Problem } from '../model/problem.js';
import { usePage } from './context.js';
import { Mark } from './icons.js';
import { PreferencesControls } from './preferences.js';

interface LoginProps {
  readonly stage: Extract<Stage, { name: 'signed-out' | 'signing-in' }>;
  readonly tokenRequired: boolean;
  readonly preferences: Preferences;
}

/** The sign-in screen. */
export function Login({ stage, tokenRequired, preferences }: LoginProps) {
  const { texts, dispatch } = usePage();
  const form = useRef<HTMLFormElement>(null);
  const isBusy = stage.name === 'signing-in';
  const problem = stage.name === 'signed-out' ? stage.problem : undefined;
  const wrongField = problem && fieldOf(problem);

  const focusOn = (name: string) => form.current?.querySelector<HTMLInputElement>(`[name=${name}]`)?.focus();
  useEffect(() => focusOn('userId'), []);
  // Not when the problem disappears: that is while the user corrects a field.
  useEffect(() => {
    if (problem !== undefined) focusOn(wrongField ?? 'userId');
  }, [wrongField, problem]);

  const change = (change: Partial<LoginForm>) =>
    dispatch({ kind: 'form-changed', form: { ...stage.form, ...change } });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    dispatch({ kind: 'submitted' });
  };
  const field = { problem, isBusy, change, form: stage.form };

  return (
    <main class="login">
      <div class="login-card">
        <header class="login-head">
          <Mark size={44} />
          <h1 class="login-product">{texts.product}</h1>
          <p class="login-tagline">{texts.tagline}</p>
        </header>
        <form class="login-form" ref={form} onSubmit={submit} aria-label={texts.login.title} noValidate>
          <Field
            {...field}
            name="userId"
            label={texts.login.userId}
            hint={texts.login.userIdHint}
            autocomplete="username"
          />
          <Field
            {...field}
            name="token"
            type="password"
            label={texts.login.token}
            note={tokenRequired ? undefined : texts.login.optional}
            autocomplete="current-password"
          />
          <Field {...field} name="server" label={texts.login.server} inputMode="url" autocomplete="off" />
          <label class="check">
            <input
              type="checkbox"
              name="remember"
              checked={stage.form.remember}
              disabled={isBusy}
              onChange={(event) => change({ remember: event.currentTarget.checked })}
            />
            <span>{texts.login.remember}</span>
          </label>
          {problem !== undefined && wrongField === undefined && <ProblemText problem={problem} />}
          <button class="button button-main login-submit" type="submit" disabled={isBusy} aria-busy={isBusy}>
            {isBusy ? texts.login.submitting : texts.login.submit}
          </button>
          {isBusy && (
            <button class="button login-cancel" type="button" onClick={() => dispatch({ kind: 'cancelled' })}>
              {texts.login.cancel}
            </button>
          )}
        </form>
      </div>
      <PreferencesControls preferences={preferences} />
    </main>
  );
}

interface FieldProps {
  readonly name: 'userId' | 'token' | 'server';
  readonly label: string;
  readonly note?: string | undefined;
  readonly hint?: string;
  readonly type?: string;
  readonly inputMode?: 'url';
  readonly autocomplete: string;
  readonly form: LoginForm;
  readonly problem: Problem | undefined;
  readonly isBusy: boolean;
  readonly change: (change: Partial<LoginForm>) => void;
}

function Field(props: FieldProps) {
  const {
    name,
    label,
    note,
    hint,
    type = 'text',
    inputMode,
    autocomplete,
    form,
    problem,
    isBusy,
    change,
  } = props;
  const id = useId();
  const isWrong = problem !== undefined && fieldOf(problem) === name;
  const describedBy = isWrong ? `${id}-problem` : hint === undefined ? undefined : `${id}-hint`;
  return (
    <div class={`field${isWrong ? ' field-wrong' : ''}`}>
      <label class="field-label" for={id}>
        {label}
        {note !== undefined && <span class="field-note">{note}</span>}
      </label>
      <input
        class="input"
        id={id}
        name={name}
        type={type}
        inputMode={inputMode}
        value={form[name]}
        readOnly={isBusy}
        autocomplete={autocomplete}
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={isWrong}
        aria-describedby={describedBy}
        onInput={(event) => change({ [name]: event.currentTarget.value })}
      />
      {isWrong ? (
        <ProblemText id={`${id}-problem`} problem={problem} />
      ) : (
        hint !== undefined && (
          <p class="field-hint" id={`${id}-hint`}>
            {hint}
          </p>
        )
      )}
    </div>
  );
}

function ProblemText({ problem, id }: { readonly problem: Problem; readonly id?: string }) {
  const { texts } = usePage();
  return (
    <p class="problem" role="alert" id={id}>
      {texts.problem(problem)}
    </p>
  );
}
