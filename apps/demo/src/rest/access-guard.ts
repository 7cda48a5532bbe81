import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { DemoSettings } from '../settings.js';
import { SETTINGS } from '../tokens.js';
import { ApiError } from './api-error.js';

/** The header with the API key. */
export const API_KEY_HEADER = 'x-api-key';

/**
 * Allows a REST call if it has the API key, when one is set, and does not come from another website. Otherwise any page
 * open in a browser on this machine could send messages through REST, even on loopback.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #settings: DemoSettings;

  constructor(@Inject(SETTINGS) settings: DemoSettings) {
    this.#settings = settings;
  }

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: IncomingHttpHeaders }>();
    this.#checkOrigin(headers);
    this.#checkKey(headers);
    return true;
  }

  #checkOrigin(headers: IncomingHttpHeaders): void {
    const { host = '', origin } = headers;
    const isForeign =
      headers['sec-fetch-site'] === 'cross-site' || (origin !== undefined && hostOf(origin) !== host);
    if (isForeign) throw new ApiError('ERR_FOREIGN_ORIGIN', 'requests from other websites are not allowed');
    this.#checkName(host);
  }

  /** Prevents DNS rebinding: a foreign name that resolves to this machine makes a foreign page look like ours. */
  #checkName(host: string): void {
    const { httpHost, apiKey } = this.#settings;
    const name = nameOf(host);
    if (apiKey !== undefined || isLoopback(name)) return;
    if (isLoopback(httpHost)) {
      throw new ApiError('ERR_FOREIGN_ORIGIN', `the host ${host} is not allowed: use localhost or 127.0.0.1`);
    }
    if (!isLocalName(name)) {
      throw new ApiError(
        'ERR_FOREIGN_ORIGIN',
        `the host ${host} is not allowed: use an IP address, or set IMCORE_API_KEY`,
      );
    }
  }

  #checkKey(headers: IncomingHttpHeaders): void {
    const { apiKey } = this.#settings;
    if (apiKey === undefined) return;
    const [given, expected] = [Buffer.from(String(headers[API_KEY_HEADER] ?? '')), Buffer.from(apiKey)];
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new ApiError('ERR_API_KEY', `the header ${API_KEY_HEADER} is missing or wrong`);
    }
  }
}

/** Whether an address or a name always refers to this machine. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === 'localhost' || name === '::1';
}

/** Whether this is an IP address or a local host name: others cannot make those resolve to this machine. */
function isLocalName(name: string): boolean {
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 || /^[\w-]+(\.local)?$/.test(name);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, '');
}
