import { randomUUID } from 'node:crypto';
import { ImServer } from '@imcore/server';
import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { InnerClients } from '../im/inner-clients.js';
import { GetOperation, PostOperation } from './describe-operation.js';
import { NoParameters, PushParameters } from './parameters.js';
import { Parameters } from './request-parameters.js';
import type { OnlineResponse, PushResponse } from './responses.js';

/** Endpoints of the server itself. */
@ApiTags('server')
@Controller('api')
export class ServerController {
  readonly #server: ImServer;
  readonly #clients: InnerClients;

  constructor(@Inject(ImServer) server: ImServer, @Inject(InnerClients) clients: InnerClients) {
    this.#server = server;
    this.#clients = clients;
  }

  @Get('online')
  @GetOperation({
    summary: 'List the users who are online',
    description: 'All users, on any transport.',
    parameters: NoParameters,
    response: 'OnlineResponse',
    responseText: 'The users who are online, sorted by user ID.',
    errors: [],
  })
  online(@Parameters(NoParameters) _none: unknown): z.output<typeof OnlineResponse> {
    const users = this.#server
      .sessions()
      .map(({ userId, transport, remoteAddress, remotePort, firstLoginTime }) => {
        const insideProgram = this.#clients.has(userId);
        return { userId, transport, remoteAddress, remotePort, firstLoginTime, insideProgram };
      })
      .sort((a, b) => (a.userId < b.userId ? -1 : 1));
    return { count: users.length, users };
  }

  @Post('push')
  @HttpCode(200)
  @PostOperation({
    summary: 'Send a message from the server to a user',
    description: 'The sender is the server, `"0"`.',
    parameters: PushParameters,
    response: 'PushResponse',
    responseText: 'The receiver has the message, or it is stored.',
    errors: ['ERR_UNDELIVERABLE', 'ERR_TOO_LARGE', 'ERR_NOT_ACKNOWLEDGED', 'ERR_CLOSING'],
  })
  async push(
    @Parameters(PushParameters) { userId, msg, type }: z.output<typeof PushParameters>,
  ): Promise<z.output<typeof PushResponse>> {
    const fingerprint = randomUUID();
    const outcome = await this.#server.send(userId, msg, { type, fingerprint });
    return { outcome: outcome === 'stored' ? 'stored' : 'received', to: userId, fingerprint };
  }
}
