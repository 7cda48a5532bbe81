import type { IncomingMessage, ServerResponse } from 'node:http';
import { ImStatus } from '@imcore/nestjs';
import type { INestApplication } from '@nestjs/common';
import { USER_CHECK } from '../tokens.js';
import type { UserCheck } from '../users/user-check.js';
import { isChatPageBuilt, lateChatPage } from './chat-page.js';
import { HOME_PAGE } from './home-page.js';

/** The part of Fastify that is used here. */
interface Fastify {
  get(path: string, handler: (request: unknown, reply: Reply) => unknown): unknown;
}
interface Reply {
  type(contentType: string): Reply;
  send(body: unknown): unknown;
  redirect(url: string): unknown;
}

/** Serves the pages outside `/api`: the chat page if it is built, and the tutorial's path of Swagger. */
export function servePages(application: INestApplication, chatDirectory?: string): void {
  const fastify = application.getHttpAdapter().getInstance() as Fastify;
  fastify.get('/swagger-ui.html', (_request, reply) => reply.redirect('/swagger-ui'));
  if (!isChatPageBuilt(chatDirectory)) {
    fastify.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(HOME_PAGE));
    return;
  }
  const status = application.get(ImStatus);
  const { isOpen } = application.get<UserCheck>(USER_CHECK);
  const portOf = () => status.addresses.find(({ transport }) => transport === 'websocket')?.port;
  const chat = lateChatPage(portOf, !isOpen, chatDirectory);
  application.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (!chat(request, response)) next();
  });
}
