import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { ApiError } from './api-error.js';
import { toApiError } from './to-api-error.js';

/** The part of a Fastify reply that is needed here. */
export interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): unknown;
}

/** Answers every error as JSON with a stable code. What nobody foresaw is logged and not told. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    answerError(thrown, host.switchToHttp().getResponse<Reply>());
  }
}

/** Answers one request with an error. */
export function answerError(thrown: unknown, reply: Reply): void {
  let error = toApiError(thrown);
  if (error === undefined) {
    new Logger('rest').error(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
    error = new ApiError('ERR_INTERNAL', 'something went wrong inside; the log says more');
  }
  reply.status(error.status).header('content-type', 'application/json; charset=utf-8').send(error.body);
}
