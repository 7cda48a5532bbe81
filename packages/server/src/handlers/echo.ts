import type { Answers } from '../sessions/answers.js';
import type { Handler } from './handler.js';

/** Type 5: sends the packet's content back. */
export const echo = (answers: Answers): Handler => ({
  allowed: 'anyone',
  isWork: false,
  handle: (session, packet) => session.answer(answers.echo(packet)),
});
