import type { ReceivedPacket } from '@imcore/protocol';
import type { Answers } from '../sessions/answers.js';
import type { Handler, HandlerSession } from './handler.js';

/** Type 5: sends the packet's content back. */
export class EchoHandler implements Handler {
  readonly allowed = 'anyone';
  readonly isWork = false;
  readonly #answers: Answers;

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  handle(session: HandlerSession, packet: ReceivedPacket): void {
    session.answer(this.#answers.echo(packet));
  }
}
