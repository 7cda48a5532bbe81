import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { InnerClients, type SendResult } from '../im/inner-clients.js';
import { PostOperation } from './describe-operation.js';
import { LoginParameters, LogoutParameters, SendParameters } from './parameters.js';
import { Parameters } from './request-parameters.js';
import type { LoginResponse, LogoutResponse } from './responses.js';

/** The tutorial's two endpoints, and `logout`: for users inside the program. */
@ApiTags('clients')
@Controller('api')
export class ClientsController {
  readonly #clients: InnerClients;

  constructor(@Inject(InnerClients) clients: InnerClients) {
    this.#clients = clients;
  }

  @Post('loginConnect')
  @HttpCode(200)
  @PostOperation({
    summary: 'Log a user in from inside the program',
    description:
      'Connects over TCP and logs in. A user who is already logged in gets a new connection; the old one is kicked out.',
    parameters: LoginParameters,
    response: 'LoginResponse',
    responseText: 'The user is online.',
    errors: [
      'ERR_LOGIN_REJECTED',
      'ERR_KICKED',
      'ERR_CANNOT_CONNECT',
      'ERR_TOO_MANY_CLIENTS',
      'ERR_CLOSING',
      'ERR_TOO_LARGE',
    ],
  })
  async loginConnect(
    @Parameters(LoginParameters) { username, password }: z.output<typeof LoginParameters>,
  ): Promise<z.output<typeof LoginResponse>> {
    const { firstLoginTime } = await this.#clients.login(username, password);
    return { outcome: 'logged-in', userId: username, transport: 'tcp', firstLoginTime };
  }

  @Post('sendMsg')
  @HttpCode(200)
  @PostOperation({
    summary: 'Send a message as a user who is logged in',
    description:
      'Responds when the message is acknowledged: by its receiver, on any transport, or because it is stored.',
    parameters: SendParameters,
    response: 'SendResponse',
    responseText: 'The receiver has the message, or it is stored.',
    errors: [
      'ERR_NOT_LOGGED_IN',
      'ERR_SENDER_AMBIGUOUS',
      'ERR_TOO_LARGE',
      'ERR_NOT_SENT',
      'ERR_CLOSING',
      'ERR_NOT_ACKNOWLEDGED',
    ],
  })
  async sendMsg(
    @Parameters(SendParameters) { friendId, msg, from, type }: z.output<typeof SendParameters>,
  ): Promise<SendResult> {
    return this.#clients.send({ from, to: friendId, content: msg, type });
  }

  @Post('logout')
  @HttpCode(200)
  @PostOperation({
    summary: 'Log a user out',
    description: 'Closes the connection of loginConnect.',
    parameters: LogoutParameters,
    response: 'LogoutResponse',
    responseText: 'The user is logged out.',
    errors: ['ERR_NOT_LOGGED_IN'],
  })
  async logout(
    @Parameters(LogoutParameters) { username }: z.output<typeof LogoutParameters>,
  ): Promise<z.output<typeof LogoutResponse>> {
    await this.#clients.logout(username);
    return { outcome: 'logged-out', userId: username };
  }
}
