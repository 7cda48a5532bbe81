import { emitKeypressEvents } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { type Key, LineEditor } from '../terminal/line-editor.js';
import type { ChatSession } from './chat-session.js';
import type { TerminalScreen } from './terminal-screen.js';

/** Connects a chat to the keyboard and keeps the screen up to date. Resolves with the exit code. */
export async function followKeys(
  session: ChatSession,
  screen: TerminalScreen,
  input: ReadStream,
  output: WriteStream,
): Promise<number> {
  const editor = new LineEditor();
  const showInput = (): void => {
    const prompt = session.to === undefined ? '> ' : `to ${session.to}> `;
    screen.setInput({ prompt, text: editor.text, textBeforeCursor: editor.textBeforeCursor });
  };
  const leave = (): void => void session.leave();
  const onKey = (text: string | undefined, key: Key): void => {
    const outcome = editor.press(text, key);
    if (outcome.kind === 'line') void session.take(outcome.text).then(showInput);
    else if (outcome.kind !== 'edited') leave();
    showInput();
  };
  const redraw = (): void => screen.redraw();
  const countdown = setInterval(() => {
    if (screen.isCountingDown) screen.redraw();
  }, 1000);

  emitKeypressEvents(input);
  input.setRawMode(true);
  input.on('keypress', onKey);
  output.on('resize', redraw);
  process.on('SIGTERM', leave);
  showInput();

  const code = await session.ended;
  clearInterval(countdown);
  screen.close();
  process.off('SIGTERM', leave);
  output.off('resize', redraw);
  input.off('keypress', onKey);
  input.setRawMode(false);
  input.destroy();
  return code;
}
