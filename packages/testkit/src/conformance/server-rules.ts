import { SERVER_ID } from '@imcore/protocol';
import type { Hooks, ImServer, Message, SessionInfo } from '@imcore/server';
import { settlePromises } from '../settle-promises.js';
import type { ServerCallback } from './recording.js';

/** The token that is refused, and with which code. */
const REFUSED_TOKEN = 'bad';
const REFUSED_CODE = 1025;
/** Messages to users who are not there count as stored where the id begins so. */
const STORED_PREFIX = 'off';

/** What the server of the recordings did beyond delivering. */
export interface RulesOptions {
  /** Hears every callback, in the recordings' words. */
  readonly emit: (callback: ServerCallback) => void;
  /** Messages that may not pass. Default: every message may. */
  readonly denies?: (message: Message) => boolean;
}

/**
 * The application behind the server of the recordings: whom it lets in, what it takes for a user who is away, and
 * what it hears.
 *
 * @see docs/protocol/vectors/README.md
 */
export function recordedRules({ emit, denies = () => false }: RulesOptions): Hooks {
  return {
    authenticate({ userId, token, extra, transport }) {
      const code = token === REFUSED_TOKEN ? REFUSED_CODE : 0;
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

/** Reports a server's events in the recordings' words. */
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

/** What the server's application sends to a user. */
interface ServerMessage {
  readonly to: string;
  readonly content: string;
  readonly type: number;
  readonly qos: boolean;
  readonly fingerprint: string | undefined;
}

/**
 * Sends a message as the server and reports at once whether it left: whether the user was online and it was written,
 * or another system took it. Waits for no acknowledgement of a user.
 */
export async function sendFromServer(
  server: ImServer,
  message: ServerMessage,
  emit: (callback: ServerCallback) => void,
): Promise<void> {
  const { to, content, type, qos, fingerprint } = message;
  const wasOnline = server.isOnline(to);
  let outcome: 'under way' | 'taken' | 'failed' = 'under way';
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
  const isWritten = (settled: string) => settled === 'taken' || (settled === 'under way' && wasOnline);
  emit({ ev: 's2c-sent', to, fp: fingerprint ?? null, ok: isWritten(outcome) });
}

/** An administrator's kick-out. */
interface ServerKick {
  readonly user: string;
  /** Default 2. */
  readonly code: number | undefined;
  readonly reason: string | undefined;
}

/** Kicks a user out and reports whether there was anybody to kick. */
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
