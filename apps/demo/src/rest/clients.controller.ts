import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { ClientDesk, type SendResult } from '../im/client-desk.js';
import type { LoginAnswer, LogoutAnswer } from './answers.js';
import { PostOperation } from './describe-operation.js';
import { LoginParameters, LogoutParameters, SendParameters } from './parameters.js';
import { Parameters } from './request-parameters.js';

/** The tutorial's two endpoints, and the way back: users that log in from inside the program. */
@ApiTags('clients')
@Controller('api')
export class ClientsController {
  readonly #desk: ClientDesk;

  constructor(@Inject(ClientDesk) desk: ClientDesk) {
    this.#desk = desk;
  }

  @Post('loginConnect')
  @HttpCode(200)
  @PostOperation({
    summary: 'Log a user in from inside the program',
    description:
      'Connects over TCP and logs in. A user who is logged in already gets a new connection; the old one is kicked out.',
    parameters: LoginParameters,
    answer: 'LoginAnswer',
    answerText: 'The user is online.',
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
  ): Promise<z.output<typeof LoginAnswer>> {
    const { firstLoginTime } = await this.#desk.login(username, password);
    return { outcome: 'logged-in', userId: username, transport: 'tcp', firstLoginTime };
  }

  @Post('sendMsg')
  @HttpCode(200)
  @PostOperation({
    summary: 'Send a message as a user who is logged in',
    description:
      'Answers when somebody is responsible for the message: its receiver, on whatever transport, or the store.',
    parameters: SendParameters,
    answer: 'SendAnswer',
    answerText: 'The message is with its receiver, or stored for it.',
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
    return this.#desk.send({ from, to: friendId, content: msg, type });
  }

  @Post('logout')
  @HttpCode(200)
  @PostOperation({
    summary: 'Log a user out',
    description: 'Ends the connection that loginConnect made.',
    parameters: LogoutParameters,
    answer: 'LogoutAnswer',
    answerText: 'The user is logged out.',
    errors: ['ERR_NOT_LOGGED_IN'],
  })
  async logout(
    @Parameters(LogoutParameters) { username }: z.output<typeof LogoutParameters>,
  ): Promise<z.output<typeof LogoutAnswer>> {
    await this.#desk.logout(username);
    return { outcome: 'logged-out', userId: username };
  }
}
