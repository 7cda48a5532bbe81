import { randomUUID } from 'node:crypto';
import { ImServer } from '@imcore/server';
import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { ClientDesk } from '../im/client-desk.js';
import type { OnlineAnswer, PushAnswer } from './answers.js';
import { GetOperation, PostOperation } from './describe-operation.js';
import { NoParameters, PushParameters } from './parameters.js';
import { Parameters } from './request-parameters.js';

/** What the server itself can be asked. */
@ApiTags('server')
@Controller('api')
export class ServerController {
  readonly #server: ImServer;
  readonly #desk: ClientDesk;

  constructor(@Inject(ImServer) server: ImServer, @Inject(ClientDesk) desk: ClientDesk) {
    this.#server = server;
    this.#desk = desk;
  }

  @Get('online')
  @GetOperation({
    summary: 'Who is online',
    description: 'Everyone, on whatever transport.',
    parameters: NoParameters,
    answer: 'OnlineAnswer',
    answerText: 'Who is online, in the order of their names.',
    errors: [],
  })
  online(@Parameters(NoParameters) _none: unknown): z.output<typeof OnlineAnswer> {
    const users = this.#server
      .sessions()
      .map(({ userId, transport, remoteAddress, remotePort, firstLoginTime }) => {
        const insideProgram = this.#desk.has(userId);
        return { userId, transport, remoteAddress, remotePort, firstLoginTime, insideProgram };
      })
      .sort((a, b) => (a.userId < b.userId ? -1 : 1));
    return { count: users.length, users };
  }

  @Post('push')
  @HttpCode(200)
  @PostOperation({
    summary: 'Send a message from the server to a user',
    description: 'What a push is: the sender is the server, `"0"`.',
    parameters: PushParameters,
    answer: 'PushAnswer',
    answerText: 'The message is with its receiver, or stored for it.',
    errors: ['ERR_UNDELIVERABLE', 'ERR_TOO_LARGE', 'ERR_NOT_ACKNOWLEDGED', 'ERR_CLOSING'],
  })
  async push(
    @Parameters(PushParameters) { userId, msg, type }: z.output<typeof PushParameters>,
  ): Promise<z.output<typeof PushAnswer>> {
    const fingerprint = randomUUID();
    const outcome = await this.#server.send(userId, msg, { type, fingerprint });
    return { outcome: outcome === 'stored' ? 'stored' : 'received', to: userId, fingerprint };
  }
}
