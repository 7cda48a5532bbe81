import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Controller, Get, Headers, Inject, type OnModuleDestroy, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { EventFeed } from '../im/event-feed.js';
import type { DemoSettings } from '../settings.js';
import { SETTINGS } from '../tokens.js';
import { ApiError } from './api-error.js';
import { errorResponses, queryOf } from './describe-operation.js';
import { EventStream } from './event-stream.js';
import { MessagesParameters } from './parameters.js';
import { Parameters } from './request-parameters.js';

/** The part of a Fastify reply that is used here. */
interface Reply {
  readonly raw: ServerResponse;
  hijack(): void;
}

/** The callbacks that the tutorial prints to the console, as server-sent events. */
@ApiTags('server')
@Controller('api')
export class MessagesController implements OnModuleDestroy {
  readonly #feed: EventFeed;
  readonly #maxWatchers: number;
  readonly #open = new Set<EventStream>();

  constructor(@Inject(EventFeed) feed: EventFeed, @Inject(SETTINGS) { maxWatchers }: DemoSettings) {
    this.#feed = feed;
    this.#maxWatchers = maxWatchers;
  }

  @Get('messages')
  @ApiOperation({
    summary: 'Watch the callbacks',
    description:
      'Server-sent events: first the kept callbacks, then new ones, until you disconnect. With `follow=false` the response ends after the kept callbacks; use that with "Try it out".',
  })
  @ApiProduces('text/event-stream')
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Only events after this ID.',
  })
  @ApiResponse({
    status: 200,
    description: 'One event for each callback; `data` is JSON.',
    content: {
      'text/event-stream': {
        schema: { type: 'string' },
        example:
          'id: 2\nevent: online\ndata: {"id":2,"at":"2026-01-01T08:00:00.000Z","side":"server","event":"online","users":["admin"],"details":{"userId":"admin","transport":"tcp","remoteAddress":"127.0.0.1","remotePort":50412}}\n\n',
      },
    },
  })
  @MessagesQuery()
  messages(
    @Parameters(MessagesParameters) { user, follow = true }: z.output<typeof MessagesParameters>,
    @Headers() headers: IncomingHttpHeaders,
    @Res() reply: Reply,
  ): void {
    if (follow && this.#open.size >= this.#maxWatchers) {
      throw new ApiError('ERR_TOO_MANY_WATCHERS', `${this.#maxWatchers} requests already follow the events`);
    }
    const lastId = Number(headers['last-event-id'] ?? 0);
    const afterId = Number.isSafeInteger(lastId) ? lastId : 0;
    reply.hijack();
    const stream = new EventStream(reply.raw, this.#feed, { user, afterId, follow });
    if (!follow) return;
    this.#open.add(stream);
    stream.onClosed(() => this.#open.delete(stream));
  }

  onModuleDestroy(): void {
    for (const stream of this.#open) stream.end();
  }
}

/** The query and the errors of `messages`. */
function MessagesQuery(): MethodDecorator {
  const decorators = [
    ...queryOf(MessagesParameters),
    ...errorResponses(['ERR_INVALID_REQUEST', 'ERR_TOO_MANY_WATCHERS']),
  ];
  return (target, property, descriptor) => {
    for (const decorate of decorators) decorate(target, property, descriptor);
  };
}
