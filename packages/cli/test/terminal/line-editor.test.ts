import { describe, expect, it } from 'vitest';
import { LineEditor } from '../../src/terminal/line-editor.js';

function typed(editor: LineEditor, text: string): void {
  for (const character of text) editor.press(character, { sequence: character });
}

function editorWith(text: string): LineEditor {
  const editor = new LineEditor();
  typed(editor, text);
  return editor;
}

const press = (editor: LineEditor, ...names: string[]) => {
  for (const name of names) editor.press(undefined, { name });
};
const control = (editor: LineEditor, name: string) => editor.press('\u0001', { name, ctrl: true });

describe('LineEditor', () => {
  it('collects typed text and returns it as a line', () => {
    const editor = editorWith('hello 你好');
    expect(editor.press('\r', { name: 'return' })).toEqual({ kind: 'line', text: 'hello 你好' });
    expect(editor.text).toBe('');
  });

  it('inserts at the cursor', () => {
    const editor = editorWith('hlo');
    press(editor, 'left', 'left');
    typed(editor, 'el');
    expect(editor.text).toBe('hello');
    expect(editor.textBeforeCursor).toBe('hel');
  });

  it('moves over and deletes whole grapheme clusters', () => {
    const editor = editorWith('a👩‍👩‍👧你');
    press(editor, 'left', 'backspace');
    expect(editor.text).toBe('a你');
    press(editor, 'delete');
    expect(editor.text).toBe('a');
  });

  it('combines an accent with the character before it', () => {
    const editor = editorWith('e\u0301');
    press(editor, 'backspace');
    expect(editor.text).toBe('');
  });

  it('stops at both ends', () => {
    const editor = editorWith('ab');
    press(editor, 'right', 'delete', 'home', 'left', 'backspace');
    expect(editor.text).toBe('ab');
    expect(editor.textBeforeCursor).toBe('');
    press(editor, 'end');
    expect(editor.textBeforeCursor).toBe('ab');
  });

  it('supports the editing keys of a shell', () => {
    const editor = editorWith('one two  three');
    control(editor, 'w');
    expect(editor.text).toBe('one two  ');
    control(editor, 'w');
    expect(editor.text).toBe('one ');
    control(editor, 'a');
    typed(editor, '>');
    expect(editor.text).toBe('>one ');
    control(editor, 'k');
    expect(editor.text).toBe('>');
    control(editor, 'e');
    control(editor, 'u');
    expect(editor.text).toBe('');
  });

  it('clears the line with Ctrl+C and interrupts only on an empty one', () => {
    const editor = editorWith('oops');
    expect(control(editor, 'c')).toEqual({ kind: 'edited' });
    expect(editor.text).toBe('');
    expect(control(editor, 'c')).toEqual({ kind: 'interrupt' });
  });

  it('ends with Ctrl+D only on an empty line', () => {
    const editor = editorWith('x');
    press(editor, 'home');
    expect(control(editor, 'd')).toEqual({ kind: 'edited' });
    expect(control(editor, 'd')).toEqual({ kind: 'end' });
  });

  it('recalls earlier lines and returns to the unfinished one', () => {
    const editor = new LineEditor();
    for (const line of ['first', 'second']) {
      typed(editor, line);
      press(editor, 'return');
    }
    typed(editor, 'third');
    press(editor, 'up');
    expect(editor.text).toBe('second');
    press(editor, 'up', 'up');
    expect(editor.text).toBe('first');
    press(editor, 'down', 'down', 'down');
    expect(editor.text).toBe('third');
  });

  it('stores a repeated line once in the history, and no empty ones', () => {
    const editor = new LineEditor();
    for (const line of ['a', 'b', 'b', ' ']) {
      typed(editor, line);
      press(editor, 'return');
    }
    press(editor, 'up');
    expect(editor.text).toBe('b');
    press(editor, 'up');
    expect(editor.text).toBe('a');
  });

  it('ignores keys without text', () => {
    const editor = editorWith('a');
    editor.press(undefined, { name: 'f5' });
    editor.press('\u001b', { name: 'escape' });
    editor.press('x', { name: 'x', meta: true });
    expect(editor.text).toBe('a');
  });
});
