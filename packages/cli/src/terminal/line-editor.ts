import { graphemesOf } from './display-width.js';

/** A key as `readline.emitKeypressEvents` reports it. */
export interface Key {
  readonly name?: string | undefined;
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
}

/** Result of a key press. */
type KeyOutcome =
  | { readonly kind: 'edited' }
  | { readonly kind: 'line'; readonly text: string }
  /** Ctrl+C with nothing typed. */
  | { readonly kind: 'interrupt' }
  /** Ctrl+D with nothing typed. */
  | { readonly kind: 'end' };

const MAX_HISTORY = 200;
const EDITED: KeyOutcome = { kind: 'edited' };

/** State of the input line: text, cursor and history. Draws nothing. */
export class LineEditor {
  /** Grapheme clusters. */
  #characters: string[] = [];
  #cursor = 0;
  readonly #history: string[] = [];
  /** Position in the history; equal to its length for the line being edited. */
  #place = 0;
  #draft = '';

  get text(): string {
    return this.#characters.join('');
  }

  get textBeforeCursor(): string {
    return this.#characters.slice(0, this.#cursor).join('');
  }

  press(text: string | undefined, key: Key): KeyOutcome {
    if (key.name === 'return' || key.name === 'enter') return this.#takeLine();
    if (key.ctrl === true) return this.#control(key.name);
    this.#edit(text, key);
    return EDITED;
  }

  #control(name: string | undefined): KeyOutcome {
    const isEmpty = this.#characters.length === 0;
    switch (name) {
      case 'c':
        if (isEmpty) return { kind: 'interrupt' };
        this.#set('');
        break;
      case 'd':
        if (isEmpty) return { kind: 'end' };
        this.#characters.splice(this.#cursor, 1);
        break;
      case 'a':
        this.#cursor = 0;
        break;
      case 'e':
        this.#cursor = this.#characters.length;
        break;
      case 'u':
        this.#characters.splice(0, this.#cursor);
        this.#cursor = 0;
        break;
      case 'k':
        this.#characters.splice(this.#cursor);
        break;
      case 'w':
        this.#eraseWord();
        break;
    }
    return EDITED;
  }

  #edit(text: string | undefined, key: Key): void {
    switch (key.name) {
      case 'backspace':
        if (this.#cursor > 0) this.#characters.splice(--this.#cursor, 1);
        return;
      case 'delete':
        this.#characters.splice(this.#cursor, 1);
        return;
      case 'left':
        this.#cursor = Math.max(0, this.#cursor - 1);
        return;
      case 'right':
        this.#cursor = Math.min(this.#characters.length, this.#cursor + 1);
        return;
      case 'home':
        this.#cursor = 0;
        return;
      case 'end':
        this.#cursor = this.#characters.length;
        return;
      case 'up':
        this.#recall(this.#place - 1);
        return;
      case 'down':
        this.#recall(this.#place + 1);
        return;
    }
    if (text !== undefined && key.meta !== true && !/\p{Cc}/u.test(text)) this.#insert(text);
  }

  /** Inserted text can combine with the character before it, such as an accent. */
  #insert(text: string): void {
    const before = graphemesOf(this.textBeforeCursor + text);
    const after = this.#characters.slice(this.#cursor);
    this.#characters = [...before, ...after];
    this.#cursor = before.length;
  }

  #eraseWord(): void {
    let start = this.#cursor;
    while (start > 0 && this.#characters[start - 1] === ' ') start -= 1;
    while (start > 0 && this.#characters[start - 1] !== ' ') start -= 1;
    this.#characters.splice(start, this.#cursor - start);
    this.#cursor = start;
  }

  #recall(place: number): void {
    if (place < 0 || place > this.#history.length) return;
    if (this.#place === this.#history.length) this.#draft = this.text;
    this.#place = place;
    this.#set(this.#history[place] ?? this.#draft);
  }

  #takeLine(): KeyOutcome {
    const text = this.text;
    if (text.trim() !== '' && text !== this.#history.at(-1)) this.#history.push(text);
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
    this.#place = this.#history.length;
    this.#draft = '';
    this.#set('');
    return { kind: 'line', text };
  }

  #set(text: string): void {
    this.#characters = graphemesOf(text);
    this.#cursor = this.#characters.length;
  }
}
