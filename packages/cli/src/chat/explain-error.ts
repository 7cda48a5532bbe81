import { DeliveryError, LinkError, LoginError, ServerError } from '@imcore/client/node';
import { messageOf } from '../command-error.js';

/** What the explanation is about. */
export interface ChatContext {
  readonly user: string;
  readonly url: string;
}

/** What went wrong in plain words, and what to try next. Both end with a full stop. */
interface Explanation {
  readonly what: string;
  readonly advice: string | undefined;
}

export function explainError(error: unknown, context: ChatContext): Explanation {
  if (error instanceof LoginError) return explainLogin(error, context);
  if (error instanceof LinkError) return explainLink(error, context);
  if (error instanceof DeliveryError) return explainDelivery(error, context);
  if (error instanceof ServerError) {
    return { what: `The server reports error ${error.serverCode}.`, advice: undefined };
  }
  return { what: messageOf(error), advice: undefined };
}

/** What and advice in one text. */
export function explanationText({ what, advice }: Explanation): string {
  return advice === undefined ? what : `${what} ${advice}`;
}

/** A kick-out, which is no error of this side. */
export function explainKick(
  kick: { code: number; reason: string | undefined },
  { user }: ChatContext,
): Explanation {
  if (kick.code === 1) {
    return {
      what: `${user} has logged in somewhere else, and one user has one connection.`,
      advice: 'Close the other one, or take another name with --user.',
    };
  }
  const reason = kick.reason === undefined ? '' : `: ${kick.reason}`;
  return { what: `The server has ended this login (code ${kick.code})${reason}.`, advice: undefined };
}

function explainLogin(error: LoginError, context: ChatContext): Explanation {
  switch (error.code) {
    case 'ERR_LOGIN_REJECTED':
      return {
        what: `The server has refused the login of ${context.user} (code ${error.serverCode}).`,
        advice: 'Check --user and --token; codes from 1025 are the application’s own.',
      };
    case 'ERR_CANNOT_CONNECT':
      return error.cause === undefined
        ? { what: `No connection to ${context.url}.`, advice: START_A_SERVER }
        : explainError(error.cause, context);
    case 'ERR_KICKED':
      return explainKick({ code: 1, reason: undefined }, context);
    case 'ERR_LOGIN_ABORTED':
      return { what: 'The login was given up.', advice: undefined };
    case 'ERR_TOKEN_UNAVAILABLE':
      return { what: 'There is no token to log in with.', advice: undefined };
    default:
      return error.code satisfies never;
  }
}

const START_A_SERVER = 'Is the server running ("imcore serve")? Check --host, --port, --transport or --url.';

function explainLink(error: LinkError, { url }: ChatContext): Explanation {
  const systemCode = systemCodeOf(error);
  switch (error.code) {
    case 'ERR_LINK_FAILED':
    case 'ERR_TOO_MANY_SOCKETS':
      return explainFailedLink(systemCode, error, url);
    case 'ERR_LINK_CLOSED':
      // A UDP link counts as open before anybody has answered: only then does it come out that nobody is there.
      if (systemCode === 'ECONNREFUSED') return explainFailedLink(systemCode, error, url);
      return { what: 'The server has closed the connection.', advice: undefined };
    case 'ERR_LINK_SILENT':
      return { what: 'The server does not answer any more.', advice: undefined };
    case 'ERR_LOGIN_UNANSWERED':
      return { what: `Nobody answers at ${url}.`, advice: START_A_SERVER };
    case 'ERR_NOT_LOGGED_IN':
      return { what: 'The server does not know this login any more.', advice: undefined };
    default:
      return error.code satisfies never;
  }
}

function explainFailedLink(systemCode: string | undefined, error: LinkError, url: string): Explanation {
  switch (systemCode) {
    case 'ECONNREFUSED':
      return { what: `Nothing listens at ${url}.`, advice: START_A_SERVER };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { what: `The host of ${url} is not known.`, advice: 'Check --host or --url, and the network.' };
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return { what: `${url} cannot be reached.`, advice: 'Check the address, the network and firewalls.' };
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return {
        what: `The certificate of ${url} is signed by nobody this machine trusts.`,
        advice: 'Name the authority’s certificate with --tls-ca FILE.',
      };
    case 'CERT_HAS_EXPIRED':
      return { what: `The certificate of ${url} has expired.`, advice: undefined };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        what: `The certificate of ${url} is for another host.`,
        advice: 'Connect by a name that it holds.',
      };
    default:
      return { what: `No connection to ${url}: ${rootMessage(error)}.`, advice: START_A_SERVER };
  }
}

function explainDelivery(error: DeliveryError, { url }: ChatContext): Explanation {
  switch (error.code) {
    case 'ERR_NOT_ACKNOWLEDGED':
      return {
        what: 'Nobody has confirmed it.',
        advice:
          'Its receiver may be offline while the server keeps no messages. It may have arrived all the same.',
      };
    case 'ERR_NOT_SENT':
      return { what: 'There was no connection in time.', advice: undefined };
    case 'ERR_OFFLINE':
      return { what: 'There is no connection.', advice: undefined };
    case 'ERR_TOO_LARGE':
      return {
        what: 'It is too long for this connection.',
        advice: url.startsWith('udp:')
          ? 'UDP carries least: say it in parts, or use --transport tcp or ws.'
          : 'Say it in parts.',
      };
    case 'ERR_QUEUE_FULL':
      return { what: 'Too many messages wait already.', advice: 'Try again when they are through.' };
    case 'ERR_ABORTED':
      return { what: 'It was given up.', advice: undefined };
    case 'ERR_CLOSED':
      return { what: 'The login ended before it was confirmed.', advice: undefined };
    case 'ERR_POSTPONED':
      return { what: 'It waits for the next login.', advice: undefined };
    default:
      return error.code satisfies never;
  }
}

/** The code that the system gave the first cause, such as `ECONNREFUSED`. */
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
