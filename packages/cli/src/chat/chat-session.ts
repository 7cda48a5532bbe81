import type { ImClient, StateChange } from '@imcore/client/node';
import { HELP, parseLine } from './commands.js';
import { type ChatContext, explainError, explainKick, explanationText } from './explain-error.js';
import type { Screen } from './screen.js';
import { Transcript } from './transcript.js';

interface ChatSessionOptions {
  readonly client: ImClient;
  readonly screen: Screen;
  readonly context: ChatContext;
  readonly token: string | undefined;
  /** Whom lines go to at first. */
  readonly to: string | undefined;
}

/** Most lines that wait for their delivery before a pipe is read on. */
const MAX_WAITING = 256;

/**
 * One person's chat, from login to leaving: takes typed lines, shows what comes of them, what others say and how the
 * connection is. Owns the client; knows nothing of keys and terminals.
 */
export class ChatSession {
  readonly #client: ImClient;
  readonly #screen: Screen;
  readonly #context: ChatContext;
  readonly #transcript: Transcript;
  /** Resolves with the exit code when the chat is over: 0, or 1 where a line or the login has failed. */
  readonly ended: Promise<number>;
  #resolveEnded: (code: number) => void = () => {};
  #to: string | undefined;
  #wasOnline = false;
  #phase: 'talking' | 'leaving' | 'over' = 'talking';

  constructor({ client, screen, context, token, to }: ChatSessionOptions) {
    this.#client = client;
    this.#screen = screen;
    this.#context = context;
    this.#to = to;
    this.#transcript = new Transcript(screen);
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    client.on('message', ({ from, content }) => this.#transcript.incoming(from, content));
    client.on('state', (change) => this.#stateChanged(change));
    client.on('kicked', (kick) => this.#fail(explanationText(explainKick(kick, context))));
    client.on('error', (error) =>
      this.#transcript.notice(explanationText(explainError(error, context)), 'bad'),
    );
    client.login({ userId: context.user, ...(token !== undefined && { token }) }).catch((error: unknown) => {
      this.#fail(explanationText(explainError(error, context)));
    });
  }

  /** Whom the next line goes to; undefined until somebody is chosen. */
  get to(): string | undefined {
    return this.#to;
  }

  /** Takes a typed line. Resolves when the next one may come. */
  async take(line: string): Promise<void> {
    const command = parseLine(line);
    switch (command.kind) {
      case 'nothing':
        return;
      case 'say':
        this.#say(command.text);
        break;
      case 'to':
        this.#to = command.user;
        this.#transcript.notice(`What you type goes to ${command.user} now.`);
        break;
      case 'help':
        this.#transcript.notice(HELP);
        break;
      case 'quit':
        await this.leave();
        break;
      case 'unknown':
        this.#transcript.notice(
          `There is no command ${command.word} (or it lacks a word). /help lists them.`,
          'bad',
        );
        break;
      default:
        command satisfies never;
    }
    await this.#transcript.atMostWaiting(MAX_WAITING);
  }

  /** Ends the chat when every line is settled; asked a second time, at once. */
  async leave(): Promise<void> {
    if (this.#phase === 'talking' && this.#transcript.waiting > 0) {
      this.#phase = 'leaving';
      const { waiting } = this.#transcript;
      this.#transcript.notice(`Waiting for ${waiting} ${waiting === 1 ? 'line' : 'lines'} to be confirmed.`);
      await this.#transcript.atMostWaiting(0);
    }
    await this.#finish(0);
  }

  #say(text: string): void {
    const to = this.#to;
    if (to === undefined) {
      this.#transcript.notice('Nobody is chosen: /to USER says whom to talk to.', 'bad');
      return;
    }
    const id = this.#transcript.outgoing(to, text);
    this.#client.send({ to, content: text }).then(
      () => this.#transcript.settle(id, { state: 'delivered' }),
      (error: unknown) => {
        const reason = explanationText(explainError(error, this.#context));
        this.#transcript.settle(id, { state: 'failed', reason });
      },
    );
  }

  #stateChanged({ current, retryAt, cause, reason }: StateChange): void {
    const { user, url } = this.#context;
    switch (current) {
      case 'online':
        this.#screen.setLinkStatus(undefined);
        this.#transcript.notice(
          this.#wasOnline ? 'Connected again.' : `Connected to ${url} as ${user}.`,
          'good',
        );
        this.#wasOnline = true;
        break;
      case 'waiting': {
        const text =
          cause === undefined ? 'The connection is lost.' : explainError(cause, this.#context).what;
        this.#screen.setLinkStatus({ text, retryAt });
        break;
      }
      case 'idle':
        this.#screen.setLinkStatus(undefined);
        if (reason === 'rejected' && this.#wasOnline) {
          this.#fail(`The server has refused to let ${user} come back.`);
        }
        break;
      case 'connecting':
      case 'authenticating':
      case 'closed':
        break;
      default:
        current satisfies never;
    }
  }

  /** The chat cannot go on. Only the first reason is shown. */
  #fail(text: string): void {
    if (this.#phase === 'over') return;
    this.#transcript.notice(text, 'bad');
    void this.#finish(1);
  }

  async #finish(code: 0 | 1): Promise<void> {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    await this.#client.close();
    await this.#transcript.atMostWaiting(0);
    this.#resolveEnded(this.#transcript.failed > 0 ? 1 : code);
  }
}
