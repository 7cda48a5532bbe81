import type { IncomingMessage, ServerResponse } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { HOME_PAGE } from './home-page.js';

/** The part of Fastify that is needed here. */
interface Fastify {
  get(path: string, answer: (request: unknown, reply: Reply) => unknown): unknown;
}
interface Reply {
  type(contentType: string): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): unknown;
  redirect(url: string): unknown;
}

/** Answers a request for a page and returns true, or leaves it alone. */
export type PageHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Serves the pages beside `/api`: the chat page where there is one, and the tutorial's address of Swagger. */
export function servePages(application: INestApplication, chat: PageHandler | undefined): void {
  const fastify = application.getHttpAdapter().getInstance() as Fastify;
  fastify.get('/swagger-ui.html', (_request, reply) => reply.redirect('/swagger-ui'));
  if (chat === undefined) {
    fastify.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(HOME_PAGE));
    return;
  }
  application.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (!chat(request, response)) next();
  });
}
