import type { Answers } from '../sessions/answers.js';
import type { AddressChecks } from './address-checks.js';
import type { Handler, HandlerSession } from './handler.js';

/** Type 1: answers a keep-alive. If the peer's address must be verified, the response asks for an acknowledgement. */
export class KeepAliveHandler implements Handler {
  readonly allowed = 'logged-in';
  readonly isWork = false;
  readonly #answers: Answers;
  readonly #checks: AddressChecks;

  constructor(answers: Answers, checks: AddressChecks) {
    this.#answers = answers;
    this.#checks = checks;
  }

  handle(session: HandlerSession): void {
    const userId = session.user?.id ?? '';
    session.answer(this.#answers.keepAlive(userId, this.#checks.begin(session.connection)));
  }
}
