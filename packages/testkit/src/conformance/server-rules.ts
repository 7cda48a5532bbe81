import { SERVER_ID } from '@imcore/protocol';
import type { Hooks, ImServer, Message, SessionInfo } from '@imcore/server';
import { settlePromises } from '../settle-promises.js';
import type { ServerCallback } from './recording.js';

/** The token that is rejected, and the code. */
const REJECTED_TOKEN = 'bad';
const REJECTED_CODE = 1025;
/** Messages to offline users count as stored when the user's id begins with this. */
const STORED_PREFIX = 'off';

/** Options of {@link recordedRules}. */
export interface RulesOptions {
  /** Called for every callback, in the format of the recordings. */
  readonly emit: (callback: ServerCallback) => void;
  /** Which messages are rejected. Default: none. */
  readonly denies?: (message: Message) => boolean;
}

/**
 * The hooks of the application in the recordings: which logins it accepts, which messages to offline users it takes, and
 * the callbacks it gets.
 *
 * @see docs/protocol/vectors/README.md
 */
export function recordedRules({ emit, denies = () => false }: RulesOptions): Hooks {
  return {
    authenticate({ userId, token, extra, transport }) {
      const code = token === REJECTED_TOKEN ? REJECTED_CODE : 0;
      emit({ ev: 'verify', user: userId, token: token ?? null, extra: extra ?? null, code, via: transport });
      return code === 0 ? { accept: true } : { accept: false, code };
    },
    authorizeMessage(message, sender) {
      const kind = message.to === SERVER_ID ? 'c2s' : 'c2c';
      const isDenied = denies(message);
      emit({ ev: `${kind}-${isDenied ? 'denied' : 'before'}`, ...about(message), ...whence(sender) });
      return !isDenied;
    },
    onServerMessage(message, sender) {
      emit({ ev: 'c2s', ...about(message), ...whence(sender) });
    },
    onUndeliverable: ({ to }) => to.startsWith(STORED_PREFIX),
  };
}

/** Reports a server's events in the format of the recordings. */
export function followEvents(server: ImServer, emit: (callback: ServerCallback) => void): void {
  server.on('sessionStarted', ({ session: { userId, extra, transport, firstLoginTime } }) =>
    emit({ ev: 'online', user: userId, extra: extra ?? null, via: transport, firstLoginTime }),
  );
  server.on('offline', ({ userId, kickCode, session }) =>
    emit({ ev: 'offline', user: userId, kickCode, via: session.transport }),
  );
  server.on('delivered', (message) => emit({ ev: 'c2c', ...about(message) }));
  server.on('stored', (message) => emit({ ev: 'stored', ...about(message) }));
  server.on('undelivered', ({ message }) => {
    if (message.from !== SERVER_ID) emit({ ev: 'unhandled', ...about(message) });
  });
  server.on('bridged', (message) => {
    if (message.from !== SERVER_ID) emit({ ev: 'after-bridge', ...about(message) });
  });
  server.on('received', ({ fingerprint }) => emit({ ev: 'received', fp: fingerprint }));
  server.on('lost', ({ messages }) =>
    emit({ ev: 'lost', fps: messages.map(({ fingerprint }) => fingerprint) }),
  );
}

/** A message of the server's application to a user. */
interface ServerMessage {
  readonly to: string;
  readonly content: string;
  readonly type: number;
  readonly qos: boolean;
  readonly fingerprint: string | undefined;
}

/**
 * Sends a message as the server, and reports at once whether it was sent: written to an online user, or taken by another
 * system. Does not wait for a user's acknowledgement.
 */
export async function sendFromServer(
  server: ImServer,
  message: ServerMessage,
  emit: (callback: ServerCallback) => void,
): Promise<void> {
  const { to, content, type, qos, fingerprint } = message;
  const wasOnline = server.isOnline(to);
  let outcome: 'pending' | 'taken' | 'failed' = 'pending';
  const settled = server
    .send(to, content, { type, qos, ...(fingerprint === undefined ? {} : { fingerprint }) })
    .then(
      () => {
        outcome = 'taken';
      },
      () => {
        outcome = 'failed';
      },
    );
  if (wasOnline) await settlePromises();
  else await settled;
  const isWritten = (settled: string) => settled === 'taken' || (settled === 'pending' && wasOnline);
  emit({ ev: 's2c-sent', to, fp: fingerprint ?? null, ok: isWritten(outcome) });
}

/** A kick-out by an administrator. */
interface ServerKick {
  readonly user: string;
  /** Default 2. */
  readonly code: number | undefined;
  readonly reason: string | undefined;
}

/** Kicks a user out, and reports whether the user was online. */
export function kickFromServer(
  server: ImServer,
  { user, code, reason }: ServerKick,
  emit: (callback: ServerCallback) => void,
): void {
  const options = { ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
  emit({ ev: 'kick-sent', user, ok: server.kick(user, options) > 0 });
}

function about(message: Message): Record<string, unknown> {
  const { from, to, content, fingerprint, qos, type, bridged } = message;
  return { from, to, text: content, fp: fingerprint ?? null, qos, typeu: type, bridge: bridged };
}

function whence(sender: SessionInfo): Record<string, unknown> {
  return { session: sender.userId, via: sender.transport };
}
