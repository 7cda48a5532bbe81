import type { INestApplication, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { type PageHandler, servePages } from './page/serve-pages.js';
import { serveSwagger } from './rest/openapi.js';
import type { DemoSettings } from './settings.js';

/** What an application is made of beside its settings. */
export interface ApplicationParts {
  /** Default: Nest's, on the console. */
  readonly logger?: LoggerService | false;
  /** The chat page. Default: a plain page with links. */
  readonly chat?: PageHandler | undefined;
}

/** Puts the program together. Nothing listens until its `listen`. */
export async function createApplication(
  settings: DemoSettings,
  { logger, chat }: ApplicationParts = {},
): Promise<INestApplication> {
  // Whoever follows the events must not keep the program from ending.
  const adapter = new FastifyAdapter({ forceCloseConnections: true });
  const application = await NestFactory.create<INestApplication>(AppModule.with(settings), adapter, {
    abortOnError: false,
    ...(logger !== undefined && { logger }),
  });
  application.enableShutdownHooks();
  serveSwagger(application);
  servePages(application, chat);
  return application;
}
