import { createServer, type Hooks, ImServer, type Logger } from '@imcore/server';
import type { Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ImModuleError } from './errors.js';
import { ImClientFactory } from './im-client-factory.js';
import { ImHealthIndicator } from './im-health-indicator.js';
import { ImStatus } from './im-status.js';
import { type HttpServerSource, IM_MODULE_OPTIONS, type ImModuleOptions } from './module-options.js';
import { nestLogger } from './nest-logger.js';
import { Switchboard } from './switchboard.js';

export const IM_LOGGER = Symbol('ImLogger');

/** What the module provides beside its options and its life cycle: here the server is made. */
export const IM_PROVIDERS: Provider[] = [
  ImStatus,
  ImClientFactory,
  ImHealthIndicator,
  {
    provide: IM_LOGGER,
    inject: [IM_MODULE_OPTIONS],
    useFactory: ({ logger }: ImModuleOptions): Logger => logger ?? nestLogger(),
  },
  {
    provide: Switchboard,
    inject: [IM_MODULE_OPTIONS, IM_LOGGER],
    useFactory: ({ hooks = {} }: ImModuleOptions, logger: Logger) => new Switchboard(hooks, logger),
  },
  {
    provide: ImServer,
    inject: [IM_MODULE_OPTIONS, Switchboard, IM_LOGGER, HttpAdapterHost],
    useFactory: (options: ImModuleOptions, { hooks }: Switchboard, logger: Logger, host: HttpAdapterHost) =>
      makeServer(options, hooks, logger, host),
  },
];

function makeServer(options: ImModuleOptions, hooks: Hooks, logger: Logger, host: HttpAdapterHost): ImServer {
  const { transports, drainMs, ...rest } = options;
  const source: HttpServerSource = { httpServer: () => httpServerOf(host) };
  return createServer({
    ...rest,
    hooks,
    logger,
    transports: typeof transports === 'function' ? transports(source) : transports,
  });
}

function httpServerOf({ httpAdapter }: HttpAdapterHost): ReturnType<HttpServerSource['httpServer']> {
  const server: unknown = httpAdapter?.getHttpServer();
  if (server === undefined || server === null) {
    throw new ImModuleError(
      'ERR_NO_HTTP_SERVER',
      'a transport shares an HTTP server that the application lacks',
    );
  }
  return server as ReturnType<HttpServerSource['httpServer']>;
}
