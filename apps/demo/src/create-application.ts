import type { INestApplication, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { servePages } from './page/serve-pages.js';
import { answerError, type Reply } from './rest/error-filter.js';
import { serveSwagger } from './rest/openapi.js';
import type { DemoSettings } from './settings.js';

/** What an application is made of beside its settings. */
interface ApplicationParts {
  /** Default: Nest's, on the console. */
  readonly logger?: LoggerService | false;
  /** Where the built chat page lies. Default: where its build puts it. */
  readonly chatDirectory?: string;
}

/** Puts the program together. Nothing listens until its `listen`. */
export async function createApplication(
  settings: DemoSettings,
  { logger, chatDirectory }: ApplicationParts = {},
): Promise<INestApplication> {
  // Whoever follows the events must not keep the program from ending.
  const adapter = new FastifyAdapter({
    forceCloseConnections: true,
    // What fails before there is a route, such as a path that cannot be decoded, passes no filter of Nest's.
    frameworkErrors: (error: Error, _request: unknown, reply: unknown) => answerError(error, reply as Reply),
  });
  const application = await NestFactory.create<INestApplication>(AppModule.with(settings), adapter, {
    abortOnError: false,
    ...(logger !== undefined && { logger }),
  });
  application.enableShutdownHooks();
  serveSwagger(application);
  servePages(application, chatDirectory);
  return application;
}
