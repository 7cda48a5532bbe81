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
  /** Initial recipient. */
  readonly to: string | undefined;
}

/** Maximum unacknowledged lines before the input is paused. */
const MAX_WAITING = 256;

/**
 * One user's chat, from login to exit: sends typed lines and shows their delivery, received messages and the state of the
 * connection. Owns the client; independent of keyboard and terminal.
 */
export class ChatSession {
  readonly #client: ImClient;
  readonly #screen: Screen;
  readonly #context: ChatContext;
  readonly #transcript: Transcript;
  /** Resolves with the exit code when the chat has ended: 0, or 1 if a line or the login failed. */
  readonly ended: Promise<number>;
  #resolveEnded: (code: number) => void = () => {};
  #to: string | undefined;
  #wasOnline = false;
  #phase: 'active' | 'leaving' | 'ended' = 'active';

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

  /** Recipient of the next line; undefined until one is chosen. */
  get to(): string | undefined {
    return this.#to;
  }

  /** Handles a typed line. Resolves when the next one can be read. */
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
        this.#transcript.notice(`Messages now go to ${command.user}.`);
        break;
      case 'help':
        this.#transcript.notice(HELP);
        break;
      case 'quit':
        await this.leave();
        break;
      case 'unknown':
        this.#transcript.notice(
          `Unknown command ${command.word}, or its argument is missing. /help lists all commands.`,
          'bad',
        );
        break;
      default:
        command satisfies never;
    }
    await this.#transcript.atMostWaiting(MAX_WAITING);
  }

  /** Ends the chat when every line is settled; a second call ends it at once. */
  async leave(): Promise<void> {
    if (this.#phase === 'active' && this.#transcript.waiting > 0) {
      this.#phase = 'leaving';
      const { waiting } = this.#transcript;
      this.#transcript.notice(
        `Waiting for ${waiting} ${waiting === 1 ? 'message' : 'messages'} to be acknowledged.`,
      );
      await this.#transcript.atMostWaiting(0);
    }
    await this.#finish(0);
  }

  #say(text: string): void {
    const to = this.#to;
    if (to === undefined) {
      this.#transcript.notice('No recipient: choose one with /to USER.', 'bad');
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
        this.#transcript.notice(this.#wasOnline ? 'Reconnected.' : `Connected to ${url} as ${user}.`, 'good');
        this.#wasOnline = true;
        break;
      case 'waiting': {
        const text = cause === undefined ? 'Connection lost.' : explainError(cause, this.#context).what;
        this.#screen.setLinkStatus({ text, retryAt });
        break;
      }
      case 'idle':
        this.#screen.setLinkStatus(undefined);
        if (reason === 'rejected' && this.#wasOnline) {
          this.#fail(`The server rejected the new login of ${user}.`);
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

  /** Ends the chat with an error. Only the first one is shown. */
  #fail(text: string): void {
    if (this.#phase === 'ended') return;
    this.#transcript.notice(text, 'bad');
    void this.#finish(1);
  }

  async #finish(code: 0 | 1): Promise<void> {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    await this.#client.close();
    await this.#transcript.atMostWaiting(0);
    this.#resolveEnded(this.#transcript.failed > 0 ? 1 : code);
  }
}
