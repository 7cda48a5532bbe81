import { LinkError } from '../errors.js';
import type { PlatformFailure } from './platform-api.js';

/** Messages of the platforms when a program has reached its maximum number of sockets. */
const TOO_MANY = /max websocket connect count|最多发起|已存在|already exist/i;

/** Creates the error of a socket that could not be opened. */
export function openFailure(failure: PlatformFailure | undefined): LinkError {
  const text = textOf(failure);
  if (!TOO_MANY.test(text)) {
    return new LinkError('ERR_LINK_FAILED', `the socket could not be opened: ${text}`, { cause: failure });
  }
  const message = `the platform allows no more sockets: ${text}`;
  return new LinkError('ERR_TOO_MANY_SOCKETS', message, { cause: failure });
}

/** Returns the platform's error message. */
export function textOf(failure: PlatformFailure | undefined): string {
  return (
    failure?.errMsg ??
    failure?.errorMessage ??
    `unknown reason${failure?.error === undefined ? '' : `, error ${failure.error}`}`
  );
}
