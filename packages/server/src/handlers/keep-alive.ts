import type { Answers } from '../sessions/answers.js';
import type { AddressChecks } from './address-checks.js';
import type { Handler } from './handler.js';

/** Type 1: answers a keep-alive. If the peer's address must be verified, the response asks for an acknowledgement. */
export const keepAlive = (answers: Answers, checks: AddressChecks): Handler => ({
  allowed: 'logged-in',
  isWork: false,
  handle: (session) =>
    session.answer(answers.keepAlive(session.user?.id ?? '', checks.begin(session.connection))),
});
