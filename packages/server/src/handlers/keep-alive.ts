import { encodeKeepAliveLast, withExtension } from '@imcore/protocol';
import type { AddressChecks } from '../sessions/address-checks.js';
import type { Answers } from '../sessions/answers.js';
import type { Handler } from './handler.js';

/** Type 1: answers a keep-alive. If the peer's address must be verified, the response asks for an acknowledgement. */
export const keepAlive = (answers: Answers, checks: AddressChecks): Handler => ({
  allowed: 'logged-in',
  isWork: false,
  handle: (session, _packet, now) => {
    const userId = session.user?.id ?? '';
    const feed = session.device?.feed;
    feed?.proven();
    session.answer(
      checks.ask(session.connection, now, (fp) => {
        const answer = answers.keepAlive(userId, fp);
        return feed === undefined ? answer : withExtension(answer, encodeKeepAliveLast(feed.last));
      }),
    );
  },
});
