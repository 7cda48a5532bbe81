import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { DemoSettings } from '../settings.js';
import { SETTINGS } from '../tokens.js';
import { ApiError } from './api-error.js';

/** The header that brings the API key. */
export const API_KEY_HEADER = 'x-api-key';

/**
 * Who may call REST: whoever has the API key, where there is one; and never a page of another site. Without the latter
 * any page that is open in a browser on this machine could send messages through it, loopback or not.
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
    if (isForeign) throw new ApiError('ERR_FOREIGN_ORIGIN', 'pages of other sites may not call this');
    this.#checkName(host);
  }

  /** A name of somebody else's that leads to this machine makes a foreign page look like ours; it has no key, though. */
  #checkName(host: string): void {
    const { httpHost, apiKey } = this.#settings;
    const name = nameOf(host);
    if (apiKey !== undefined || isLoopback(name)) return;
    if (isLoopback(httpHost)) {
      throw new ApiError('ERR_FOREIGN_ORIGIN', `this is not ${host}: call it as localhost or 127.0.0.1`);
    }
    if (!isNameOfNobodyElse(name)) {
      throw new ApiError(
        'ERR_FOREIGN_ORIGIN',
        `call it by its address instead of ${host}, or set IMCORE_API_KEY`,
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

/** Whether an address or a name can only mean this machine. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === 'localhost' || name === '::1';
}

/** An address, or a name of the own network: neither can be made to lead here from outside. */
function isNameOfNobodyElse(name: string): boolean {
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 || /^[\w-]+(\.local)?$/.test(name);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, '');
}
