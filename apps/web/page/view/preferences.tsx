import type { Language, Preferences, Theme } from '../model/app-state.js';
import { usePage } from './context.js';

const LANGUAGES: readonly (readonly [Language, string])[] = [
  ['en', 'English'],
  ['zh', '中文'],
];

/** Controls for language and theme. */
export function PreferencesControls({ preferences }: { readonly preferences: Preferences }) {
  const { texts, dispatch } = usePage();
  const themes: readonly (readonly [Theme, string])[] = [
    ['system', texts.preferences.system],
    ['light', texts.preferences.light],
    ['dark', texts.preferences.dark],
  ];
  return (
    <div class="preferences">
      <Choice
        name="language"
        label={texts.preferences.language}
        options={LANGUAGES}
        chosen={preferences.language}
        choose={(language) => dispatch({ kind: 'language-chosen', language })}
      />
      <Choice
        name="theme"
        label={texts.preferences.theme}
        options={themes}
        chosen={preferences.theme}
        choose={(theme) => dispatch({ kind: 'theme-chosen', theme })}
      />
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly name: string;
  readonly label: string;
  readonly options: readonly (readonly [Value, string])[];
  readonly chosen: Value;
  readonly choose: (value: Value) => void;
}

function Choice<Value extends string>({ name, label, options, chosen, choose }: ChoiceProps<Value>) {
  return (
    <fieldset class="choice">
      <legend class="choice-label">{label}</legend>
      <div class="choice-options">
        {options.map(([value, text]) => (
          <label class="choice-option" key={value} lang={name === 'language' ? value : undefined}>
            <input
              class="visually-hidden"
              type="radio"
              name={name}
              checked={value === chosen}
              onChange={() => choose(value)}
            />
            <span class="choice-text">{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
