import { createServer, type Hooks, ImServer, type Logger } from '@imcore/server';
import type { Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { checkTransports } from './check-options.js';
import { ImModuleError } from './errors.js';
import { ImClientFactory } from './im-client-factory.js';
import { ImHealthIndicator } from './im-health-indicator.js';
import { ImStatus } from './im-status.js';
import { ListenerRegistry } from './listener-registry.js';
import { type HttpServerSource, IM_MODULE_OPTIONS, type ImModuleOptions } from './module-options.js';
import { nestLogger } from './nest-logger.js';

export const IM_LOGGER = Symbol('ImLogger');

/** The module's providers except its options and its life cycle. The server is created here. */
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
    provide: ListenerRegistry,
    inject: [IM_MODULE_OPTIONS, IM_LOGGER],
    useFactory: ({ hooks = {} }: ImModuleOptions, logger: Logger) => new ListenerRegistry(hooks, logger),
  },
  {
    provide: ImServer,
    inject: [IM_MODULE_OPTIONS, ListenerRegistry, IM_LOGGER, HttpAdapterHost],
    useFactory: (
      options: ImModuleOptions,
      { hooks }: ListenerRegistry,
      logger: Logger,
      host: HttpAdapterHost,
    ) => newServer(options, hooks, logger, host),
  },
];

function newServer(options: ImModuleOptions, hooks: Hooks, logger: Logger, host: HttpAdapterHost): ImServer {
  const { transports: given, drainMs, ...rest } = options;
  const source: HttpServerSource = { httpServer: () => httpServerOf(host) };
  const transports = typeof given === 'function' ? checkTransports(given(source)) : given;
  return createServer({ ...rest, hooks, logger, transports });
}

function httpServerOf({ httpAdapter }: HttpAdapterHost): ReturnType<HttpServerSource['httpServer']> {
  const server: unknown = httpAdapter?.getHttpServer();
  if (server === undefined || server === null) {
    throw new ImModuleError(
      'ERR_NO_HTTP_SERVER',
      'a transport shares the HTTP server of the application, but the application has none',
    );
  }
  return server as ReturnType<HttpServerSource['httpServer']>;
}
