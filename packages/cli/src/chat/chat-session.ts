import type { ClientEvents, ImClient, Message, OutboxMessage, StateChange } from '@imcore/client/node';
import type { Clock } from '@imcore/protocol';
import { HELP, parseLine } from './commands.js';
import { devicesNamed, listDevices, shownId } from './device-list.js';
import { type ChatContext, explainError, explainGap, explainKick, explanationText } from './explain-error.js';
import { HistoryReader } from './history-reader.js';
import type { Screen } from './screen.js';
import { ShownMessages } from './shown-messages.js';
import { Transcript } from './transcript.js';

interface ChatSessionOptions {
  readonly client: ImClient;
  readonly screen: Screen;
  readonly context: ChatContext;
  readonly token: string | undefined;
  /** Initial recipient. */
  readonly to: string | undefined;
  readonly clock: Clock;
  /** How many earlier messages are shown when a recipient is chosen, at level 1. */
  readonly historyLines: number;
  /** Lines of an earlier run that the device's outbox still has. */
  readonly restored: readonly OutboxMessage[];
}

/** Maximum unacknowledged lines before the input is paused. */
const MAX_WAITING = 256;
/**
 * How long {@link ChatSession.leave} waits for acknowledgements, in milliseconds. Lines of a device are given up much later; its
 * outbox keeps them for the next start.
 */
const MAX_LEAVING_MS = 35_000;

const NO_RECIPIENT = 'No recipient: choose one with /to USER.';

/**
 * One user's chat, from login to exit: sends typed lines and shows their delivery, received messages and the state of the
 * connection. Owns the client; independent of keyboard and terminal.
 */
export class ChatSession {
  readonly #client: ImClient;
  readonly #screen: Screen;
  readonly #context: ChatContext;
  readonly #transcript: Transcript;
  readonly #clock: Clock;
  readonly #shown = new ShownMessages();
  readonly #history: HistoryReader;
  readonly #historyLines: number;
  /** Lines of an earlier run: their entries by fingerprint. */
  readonly #restored = new Map<string, number>();
  /** Resolves with the exit code when the chat has ended: 0, or 1 if a line or the login failed. */
  readonly ended: Promise<number>;
  #resolveEnded: (code: number) => void = () => {};
  #to: string | undefined;
  #wasOnline = false;
  #phase: 'active' | 'leaving' | 'ended' = 'active';

  constructor({ client, screen, context, token, to, clock, historyLines, restored }: ChatSessionOptions) {
    this.#client = client;
    this.#screen = screen;
    this.#context = context;
    this.#to = to;
    this.#clock = clock;
    this.#historyLines = historyLines;
    this.#transcript = new Transcript(screen);
    this.#history = new HistoryReader(client, this.#transcript, this.#shown);
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    for (const { fingerprint, to, content } of restored)
      this.#restored.set(fingerprint, this.#transcript.outgoing(to, content));
    client.on('message', (message) => this.#received(message));
    client.on('delivered', (delivered) => this.#restoredDelivered(delivered));
    client.on('undelivered', ({ fingerprint, error }) => this.#restoredFailed(fingerprint, error));
    client.on('gap', (gap) => this.#transcript.notice(explanationText(explainGap(gap)), 'bad'));
    client.on('state', (change) => this.#stateChanged(change));
    client.on('kicked', (kick) => this.#fail(explanationText(explainKick(kick, context))));
    client.on('error', (error) => this.#report(error));
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
        await this.#showFirstLines();
        break;
      case 'history':
        await this.#showHistory(command.limit);
        break;
      case 'devices':
        await this.#showDevices();
        break;
      case 'logout':
        await this.#logOut(command.device);
        break;
      case 'help':
        this.#transcript.notice(HELP);
        break;
      case 'quit':
        await this.leave();
        break;
      case 'unknown':
        this.#transcript.notice(
          `Unknown command ${command.word}, or its argument is missing or invalid. /help lists all commands.`,
          'bad',
        );
        break;
      default:
        command satisfies never;
    }
    await this.#transcript.atMostWaiting(MAX_WAITING);
  }

  /** Ends the chat when every line is settled, after 35 s at most; a second call ends it at once. */
  async leave(): Promise<void> {
    if (this.#phase === 'active' && this.#transcript.waiting > 0) {
      this.#phase = 'leaving';
      const { waiting } = this.#transcript;
      this.#transcript.notice(
        `Waiting for ${waiting} ${waiting === 1 ? 'message' : 'messages'} to be acknowledged.`,
      );
      const timer = this.#clock.schedule(this.#clock.now() + MAX_LEAVING_MS, () => void this.#finish(0));
      await this.#transcript.atMostWaiting(0);
      timer.cancel();
    }
    await this.#finish(0);
  }

  #received({ from, to, content: text, isOwn, conversation, id, serverTime: at }: Message): void {
    // The history may have brought it already.
    if (id !== undefined && this.#shown.has(id)) return;
    this.#transcript.message(
      isOwn === true ? { kind: 'own', to, text, at, isEarlier: false } : { kind: 'incoming', from, text, at },
    );
    if (id !== undefined && conversation !== undefined) this.#shown.add(conversation, id);
  }

  #say(text: string): void {
    const to = this.#to;
    if (to === undefined) {
      this.#transcript.notice(NO_RECIPIENT, 'bad');
      return;
    }
    const id = this.#transcript.outgoing(to, text);
    this.#client.send({ to, content: text }).then(
      ({ messageId, serverTime: at }) => {
        if (messageId !== undefined) this.#shown.add(to, messageId);
        this.#transcript.settle(id, { state: 'delivered', at });
      },
      (error: unknown) => this.#settleFailed(id, error),
    );
  }

  #settleFailed(id: number, error: unknown): void {
    const reason = explanationText(explainError(error, this.#context));
    this.#transcript.settle(id, { state: 'failed', reason });
  }

  #restoredDelivered({ fingerprint, serverTime: at }: ClientEvents['delivered']): void {
    const id = this.#restored.get(fingerprint);
    if (id !== undefined) this.#transcript.settle(id, { state: 'delivered', at });
    this.#restored.delete(fingerprint);
  }

  #restoredFailed(fingerprint: string | undefined, error: unknown): void {
    const id = fingerprint === undefined ? undefined : this.#restored.get(fingerprint);
    if (id !== undefined) this.#settleFailed(id, error);
  }

  /** Shows the end of the conversation, once, if there is a history. */
  async #showFirstLines(): Promise<void> {
    const to = this.#to;
    if (to === undefined || this.#historyLines === 0 || this.#client.level === 'v6') return;
    await this.#history.showFirst(to, this.#historyLines).catch((error: unknown) => this.#report(error));
  }

  async #showHistory(limit: number | undefined): Promise<void> {
    const to = this.#to;
    if (to === undefined) this.#transcript.notice(NO_RECIPIENT, 'bad');
    else await this.#history.showMore(to, limit).catch((error: unknown) => this.#report(error));
  }

  async #showDevices(): Promise<void> {
    try {
      const devices = await this.#client.devices();
      this.#transcript.notice(listDevices(devices, this.#clock.wallTime()));
    } catch (error) {
      this.#report(error);
    }
  }

  async #logOut(text: string): Promise<void> {
    try {
      const [device, another] = devicesNamed(text, await this.#client.devices());
      if (device === undefined || another !== undefined) {
        const problem = device === undefined ? 'No device has' : 'Several devices have';
        this.#transcript.notice(`${problem} an ID that begins with ${text}. /devices lists them.`, 'bad');
      } else if (await this.#client.removeDevice(device.id)) {
        this.#transcript.notice(`Logged out ${shownId(device.id)}. It is a new device if it logs in again.`);
      } else {
        this.#transcript.notice(`${shownId(device.id)} was logged out already.`);
      }
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    if (this.#phase !== 'ended')
      this.#transcript.notice(explanationText(explainError(error, this.#context)), 'bad');
  }

  #stateChanged({ current, retryAt, cause, reason }: StateChange): void {
    const { user, url } = this.#context;
    switch (current) {
      case 'online':
        this.#screen.setLinkStatus(undefined);
        this.#transcript.notice(this.#wasOnline ? 'Reconnected.' : `Connected to ${url} as ${user}.`, 'good');
        if (!this.#wasOnline) void this.#showFirstLines();
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
