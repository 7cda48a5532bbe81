import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { ApiError } from './api-error.js';
import { toApiError } from './to-api-error.js';

/** The part of a Fastify reply that is used here. */
export interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): unknown;
}

/** Converts every error to JSON with a stable code. Unexpected errors are logged, and not exposed. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    sendError(thrown, host.switchToHttp().getResponse<Reply>());
  }
}

/** Sends an error response. */
export function sendError(thrown: unknown, reply: Reply): void {
  let error = toApiError(thrown);
  if (error === undefined) {
    new Logger('rest').error(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
    error = new ApiError('ERR_INTERNAL', 'internal error, see the log');
  }
  reply.status(error.status).header('content-type', 'application/json; charset=utf-8').send(error.body);
}
