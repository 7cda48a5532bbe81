import { DeliveryError, LinkError, LoginError, RequestError, ServerError } from '@imcore/client/node';
import { messageOf } from '../command-error.js';

/** The user and the server that an explanation names. */
export interface ChatContext {
  readonly user: string;
  readonly url: string;
  /** Whether this program is a device of the user. */
  readonly isDevice: boolean;
}

/** What failed, and what to do about it. Both end with a full stop. */
interface Explanation {
  readonly what: string;
  readonly advice: string | undefined;
}

export function explainError(error: unknown, context: ChatContext): Explanation {
  if (error instanceof LoginError) return explainLogin(error, context);
  if (error instanceof LinkError) return explainLink(error, context);
  if (error instanceof DeliveryError) return explainDelivery(error, context);
  if (error instanceof RequestError) return explainRequest(error);
  if (error instanceof ServerError) {
    return { what: `The server reported error ${error.serverCode}.`, advice: undefined };
  }
  return { what: messageOf(error), advice: undefined };
}

/** Both parts of an explanation as one text. */
export function explanationText({ what, advice }: Explanation): string {
  return advice === undefined ? what : `${what} ${advice}`;
}

/** Explains why the server closed the session. */
export function explainKick(
  kick: { code: number; reason: string | undefined },
  { user, isDevice }: ChatContext,
): Explanation {
  if (kick.code === 1) {
    if (isDevice) {
      return {
        what: `${user} has logged in on another device, and the server allows no more.`,
        advice: 'Close the other one, or start this one again to take its place.',
      };
    }
    return {
      what: `${user} has logged in on another connection, and a user can have only one.`,
      advice: 'Close the other one, or choose another user with --user.',
    };
  }
  const reason = kick.reason === undefined ? '' : `: ${kick.reason}`;
  if (isDevice && reason === '') {
    return {
      what: 'An administrator or another device of yours has logged out this one.',
      advice: undefined,
    };
  }
  return { what: `The server closed the session (code ${kick.code})${reason}.`, advice: undefined };
}

function explainLogin(error: LoginError, context: ChatContext): Explanation {
  switch (error.code) {
    case 'ERR_LOGIN_REJECTED':
      return {
        what: `The server rejected the login of ${context.user} (code ${error.serverCode}).`,
        advice: 'Check --user and --token. Codes from 1025 are defined by the application.',
      };
    case 'ERR_CANNOT_CONNECT':
      return error.cause === undefined
        ? { what: `Cannot connect to ${context.url}.`, advice: CHECK_SERVER }
        : explainError(error.cause, context);
    case 'ERR_KICKED':
      return explainKick({ code: 1, reason: undefined }, context);
    case 'ERR_LOGIN_ABORTED':
      return { what: 'The login was aborted.', advice: undefined };
    case 'ERR_TOKEN_UNAVAILABLE':
      return { what: 'No token is available for the login.', advice: undefined };
    default:
      return error.code satisfies never;
  }
}

const CHECK_SERVER =
  'Check that the server is running ("imcore serve"), and --host, --port, --transport or --url.';

function explainLink(error: LinkError, { url }: ChatContext): Explanation {
  const systemCode = systemCodeOf(error);
  switch (error.code) {
    case 'ERR_LINK_FAILED':
    case 'ERR_TOO_MANY_SOCKETS':
      return explainFailedLink(systemCode, error, url);
    case 'ERR_LINK_CLOSED':
      // A UDP link is open before the server has responded. Without a server it closes with ECONNREFUSED.
      if (systemCode === 'ECONNREFUSED') return explainFailedLink(systemCode, error, url);
      return { what: 'The server closed the connection.', advice: undefined };
    case 'ERR_LINK_SILENT':
      return { what: 'The server stopped responding.', advice: undefined };
    case 'ERR_LOGIN_UNANSWERED':
      return { what: `No response from ${url}.`, advice: CHECK_SERVER };
    case 'ERR_NOT_LOGGED_IN':
      return { what: 'The session is no longer valid.', advice: undefined };
    default:
      return error.code satisfies never;
  }
}

function explainFailedLink(systemCode: string | undefined, error: LinkError, url: string): Explanation {
  switch (systemCode) {
    case 'ECONNREFUSED':
      return { what: `No server is listening at ${url}.`, advice: CHECK_SERVER };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        what: `The host name of ${url} cannot be resolved.`,
        advice: 'Check --host or --url, and the network.',
      };
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return { what: `${url} is not reachable.`, advice: 'Check the address, the network and firewalls.' };
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return {
        what: `The certificate of ${url} is not signed by a trusted authority.`,
        advice: 'To trust its authority, use --tls-ca FILE.',
      };
    case 'CERT_HAS_EXPIRED':
      return { what: `The certificate of ${url} has expired.`, advice: undefined };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        what: `The certificate of ${url} is for another host name.`,
        advice: 'Use a host name that the certificate contains.',
      };
    default:
      return { what: `Cannot connect to ${url}: ${rootMessage(error)}.`, advice: CHECK_SERVER };
  }
}

function explainDelivery(error: DeliveryError, { url }: ChatContext): Explanation {
  switch (error.code) {
    case 'ERR_NOT_ACKNOWLEDGED':
      return {
        what: 'No acknowledgement.',
        advice: 'The receiver may be offline and the server stores no messages. It may still have arrived.',
      };
    case 'ERR_NOT_SENT':
      return { what: 'No connection before the time limit.', advice: undefined };
    case 'ERR_OFFLINE':
      return { what: 'Not connected.', advice: undefined };
    case 'ERR_TOO_LARGE':
      return {
        what: 'The message is too long for this connection.',
        advice: url.startsWith('udp:')
          ? 'UDP has the lowest limit: split the message, or use --transport tcp or ws.'
          : 'Split the message.',
      };
    case 'ERR_QUEUE_FULL':
      return { what: 'Too many messages are waiting.', advice: 'Try again later.' };
    case 'ERR_REJECTED':
      return { what: `The server rejected the message with ${error.serverCode}.`, advice: undefined };
    case 'ERR_ABORTED':
      return { what: 'The send was aborted.', advice: undefined };
    case 'ERR_CLOSED':
      return { what: 'The session ended before the acknowledgement.', advice: undefined };
    case 'ERR_POSTPONED':
      return { what: 'It will be sent after the next login.', advice: undefined };
    default:
      return error.code satisfies never;
  }
}

function explainRequest(error: RequestError): Explanation {
  switch (error.code) {
    case 'ERR_NOT_NEGOTIATED':
      return {
        what: 'History and devices need a server with a store, and a device.',
        advice: 'Start imcore chat with --device FOLDER.',
      };
    case 'ERR_NO_HISTORY':
      return { what: 'The server keeps no history.', advice: 'imcore serve has the setting --history-ms.' };
    case 'ERR_USE_A_STREAM':
      return { what: 'History is not available over UDP.', advice: 'Use --transport tcp or ws.' };
    case 'ERR_NOT_ANSWERED':
      return { what: 'The server did not answer in time.', advice: undefined };
    case 'ERR_CLOSED':
      return { what: 'Not connected.', advice: undefined };
    default:
      return { what: `The server rejected the request with ${error.code}.`, advice: undefined };
  }
}

/** Explains which messages do not come to this device, and why. */
export function explainGap({ from, to, reason }: { from: number; to: number; reason: string }): Explanation {
  const count = to - from + 1;
  const messages = count === 1 ? '1 message' : `${count} messages`;
  const advice = 'The history may have them: /history.';
  switch (reason) {
    case 'expired':
      return { what: `${messages} expired before this device was online.`, advice: undefined };
    case 'trimmed':
      return { what: `${messages} missing: the log on the server was too long.`, advice };
    case 'too-large':
      return { what: `${messages} missing: too long for this connection.`, advice };
    case 'hole':
      return { what: 'Messages may be missing: the server does not know what this device has.', advice };
    default:
      return { what: `${messages} missing: ${reason}.`, advice };
  }
}

/** The system's code of the root cause, such as `ECONNREFUSED`. */
function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof AggregateError) return systemCodeOf(error.errors[0]);
  const inner = systemCodeOf(error.cause);
  if (inner !== undefined) return inner;
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && !(error instanceof LinkError) ? code : undefined;
}

function rootMessage(error: Error): string {
  return error.cause instanceof Error && error.cause.message !== ''
    ? rootMessage(error.cause)
    : error.message;
}
