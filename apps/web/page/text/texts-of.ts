import type { Language } from '../model/app-state.js';
import { CHINESE } from './chinese.js';
import { ENGLISH } from './english.js';
import type { Texts } from './texts.js';

const TEXTS: Readonly<Record<Language, Texts>> = { en: ENGLISH, zh: CHINESE };

export function textsOf(language: Language): Texts {
  return TEXTS[language];
}

/** The language of a user whose browser prefers these, in this order: Chinese or, for all others, English. */
export function languageFor(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    if (/^zh\b/i.test(tag)) return 'zh';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}
