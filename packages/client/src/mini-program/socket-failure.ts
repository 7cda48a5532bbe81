import { LinkError } from '../errors.js';
import type { PlatformFailure } from './platform-api.js';

/** What platforms say when a program has as many sockets as it may have. */
const TOO_MANY = /max websocket connect count|最多发起|已存在|already exist/i;

/** The error of a socket that did not come to be. */
export function openFailure(failure: PlatformFailure | undefined): LinkError {
  const text = textOf(failure);
  if (!TOO_MANY.test(text)) {
    return new LinkError('ERR_LINK_FAILED', `the socket could not be opened: ${text}`, { cause: failure });
  }
  const message = `the platform allows this program no further socket: ${text}`;
  return new LinkError('ERR_TOO_MANY_SOCKETS', message, { cause: failure });
}

/** What the platform says went wrong. */
export function textOf(failure: PlatformFailure | undefined): string {
  return (
    failure?.errMsg ??
    failure?.errorMessage ??
    `no reason given${failure?.error === undefined ? '' : `, error ${failure.error}`}`
  );
}
