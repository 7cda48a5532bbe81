import { ImServer } from '@imcore/server';
import { Inject, Injectable } from '@nestjs/common';
import { ImStatus } from './im-status.js';

/** The result that `@nestjs/terminus` expects of an indicator. */
export type ImHealth<Key extends string> = Record<
  Key,
  {
    readonly status: 'up' | 'down';
    /** `starting`, `listening` or `closed`. */
    readonly state: ImStatus['state'];
    readonly usersOnline: number;
    readonly messagesInFlight: number;
  }
>;

/**
 * Reports whether the server accepts users, in the format of `@nestjs/terminus`, which is not required:
 * `health.check([() => im.isHealthy()])`.
 */
@Injectable()
export class ImHealthIndicator {
  readonly #server: ImServer;
  readonly #status: ImStatus;

  constructor(@Inject(ImServer) server: ImServer, @Inject(ImStatus) status: ImStatus) {
    this.#server = server;
    this.#status = status;
  }

  /** Never throws: `down` while the server starts and once it has closed. */
  isHealthy<Key extends string = 'imcore'>(key: Key = 'imcore' as Key): ImHealth<Key> {
    const { state } = this.#status;
    const { messagesInFlight = 0 } = this.#server.metrics();
    const health = {
      status: state === 'listening' ? 'up' : 'down',
      state,
      usersOnline: this.#server.onlineCount,
      messagesInFlight,
    };
    return { [key]: health } as ImHealth<Key>;
  }
}
