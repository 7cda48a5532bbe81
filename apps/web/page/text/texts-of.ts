import type { Language } from '../model/app-state.js';
import { CHINESE } from './chinese.js';
import { ENGLISH } from './english.js';
import type { Texts } from './texts.js';

const TEXTS: Readonly<Record<Language, Texts>> = { en: ENGLISH, zh: CHINESE };

export function textsOf(language: Language): Texts {
  return TEXTS[language];
}

/** Returns the first supported language of the browser's preferences; English if there is none. */
export function languageFor(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    if (/^zh\b/i.test(tag)) return 'zh';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}
