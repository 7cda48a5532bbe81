import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { ApiError } from './api-error.js';
import { toApiError } from './to-api-error.js';

/** The part of a Fastify reply that is needed here. */
interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): unknown;
}

/** Answers every error as JSON with a stable code. What nobody foresaw is logged and not told. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger('rest');

  catch(thrown: unknown, host: ArgumentsHost): void {
    let error = toApiError(thrown);
    if (error === undefined) {
      this.#logger.error(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
      error = new ApiError('ERR_INTERNAL', 'something went wrong inside; the log says more');
    }
    const reply = host.switchToHttp().getResponse<Reply>();
    reply.status(error.status).header('content-type', 'application/json; charset=utf-8').send(error.body);
  }
}
