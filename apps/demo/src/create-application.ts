import { ImServer } from '@imcore/server';
import type { INestApplication, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { servePages } from './page/serve-pages.js';
import { type Reply, sendError } from './rest/error-filter.js';
import { serveSwagger } from './rest/openapi.js';
import type { DemoSettings } from './settings.js';

/** Parts of the application that are not settings. */
interface ApplicationParts {
  /** Default: Nest's console logger. */
  readonly logger?: LoggerService | false;
  /** Folder of the built chat page. Default: where its build puts it. */
  readonly chatDirectory?: string;
}

/** Creates the application. It listens when its `listen` is called. */
export async function createApplication(
  settings: DemoSettings,
  { logger, chatDirectory }: ApplicationParts = {},
): Promise<INestApplication> {
  // Requests that follow the events must not block the shutdown.
  const adapter = new FastifyAdapter({
    forceCloseConnections: true,
    // Errors before routing, such as a path that cannot be decoded, do not reach Nest's filters.
    frameworkErrors: (error: Error, _request: unknown, reply: unknown) => sendError(error, reply as Reply),
  });
  const application = await NestFactory.create<INestApplication>(AppModule.with(settings), adapter, {
    abortOnError: false,
    ...(logger !== undefined && { logger }),
  });
  application.enableShutdownHooks();
  application.get(ImServer).countSockets(application.getHttpServer());
  serveSwagger(application);
  servePages(application, chatDirectory);
  return application;
}
