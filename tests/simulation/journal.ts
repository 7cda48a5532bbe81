import type { Clock, Instant } from '@imcore/protocol';

/** Who sent a message: a device by its name, or the server. */
export const SERVER = 'server';

/** A message that an application sent, and its outcomes. */
export interface SentMessage {
  readonly from: string;
  /** The device that sent it, or {@link SERVER}. */
  readonly by: string;
  readonly to: string;
  readonly fingerprint: string;
  readonly content: string;
  readonly qos: boolean;
  /** Counts the messages of a run in the order of sending. */
  readonly sequence: number;
  readonly sentAt: Instant;
  /** Calls of `send` that have not settled. */
  pending: number;
  acknowledgements: number;
  /** Codes that `send` rejected with. */
  readonly failures: string[];
  /** The application sent it again, with the same fingerprint, after a failure. */
  isRepeated: boolean;
}

/** A message that an application received and handled. */
export interface ReceivedMessage {
  /** The device, or {@link SERVER}. */
  readonly to: string;
  readonly userId: string;
  readonly from: string;
  readonly fingerprint: string | undefined;
  readonly content: string;
  readonly at: Instant;
  /** How often the server had crashed by then. */
  readonly crashes: number;
}

/** What all applications of a run sent and received. */
export class Journal {
  readonly sent = new Map<string, SentMessage>();
  readonly received: ReceivedMessage[] = [];
  /** Messages that the `onUndeliverable` hook took, by key. */
  readonly takenByHook = new Set<string>();
  /** Messages that the server reported as dropped, or that the store failed to take, at least once, by key. */
  readonly setBack = new Set<string>();
  /** When new messages to a user were sent before stored ones, because the store had not answered, by user. */
  readonly overtaken = new Map<string, Instant[]>();
  /** Messages that a program had handled, but not yet remembered when it crashed, by device and key. */
  readonly mayRepeat = new Set<string>();
  /** Messages whose handling has failed, by device and key. */
  readonly handlingFailed = new Set<string>();
  /** Breaches found during the run. */
  readonly breaches: string[] = [];
  #crashes = 0;
  readonly #clock: Clock;
  readonly #trace: string[] | undefined;
  #sequence = 0;

  /** A trace costs more than the run itself. */
  constructor(clock: Clock, keepsTrace: boolean) {
    this.#clock = clock;
    this.#trace = keepsTrace ? [] : undefined;
  }

  get trace(): readonly string[] {
    return this.#trace ?? [];
  }

  get isTracing(): boolean {
    return this.#trace !== undefined;
  }

  note(who: string, what: string): void {
    this.#trace?.push(`${this.#clock.now().toFixed(1).padStart(9)}  ${who.padEnd(12)} ${what}`);
  }

  /** The message that was sent with a fingerprint; `undefined` where there is none. */
  find(from: string | undefined, fingerprint: string | undefined): SentMessage | undefined {
    return from === undefined ? undefined : this.sent.get(keyOf(from, fingerprint));
  }

  /** Records a call of `send`. */
  sending(message: Pick<SentMessage, 'from' | 'by' | 'to' | 'fingerprint' | 'content' | 'qos'>): SentMessage {
    const key = keyOf(message.from, message.fingerprint);
    const known = this.sent.get(key);
    if (known !== undefined) {
      known.isRepeated = true;
      known.pending += 1;
      return known;
    }
    this.#sequence += 1;
    const sent: SentMessage = {
      ...message,
      sequence: this.#sequence,
      sentAt: this.#clock.now(),
      pending: 1,
      acknowledgements: 0,
      failures: [],
      isRepeated: false,
    };
    this.sent.set(key, sent);
    return sent;
  }

  /** Records that a message has reached an application. */
  receive(message: Omit<ReceivedMessage, 'at' | 'crashes'>): void {
    this.received.push({ ...message, at: this.#clock.now(), crashes: this.#crashes });
    this.note(message.to, `received ${message.fingerprint} from ${message.from}`);
  }

  /** Records a crash of the server. Messages that were not acknowledged are sent again, after newer ones. */
  crashed(): void {
    this.#crashes += 1;
    for (const [key, { pending }] of this.sent) if (pending > 0) this.setBack.add(key);
  }

  /** Records that new messages to a user overtake what the store has for that user by now. */
  overtakes(userId: string): void {
    this.overtaken.set(userId, [...(this.overtaken.get(userId) ?? []), this.#clock.now()]);
    this.note(SERVER, `new messages to ${userId} overtake stored ones`);
  }

  /** Records that an append was given up. What waited for it or behind it is stored after newer messages. */
  appendGivenUp(): void {
    for (const [key, { acknowledgements }] of this.sent) if (acknowledgements === 0) this.setBack.add(key);
  }

  breach(text: string): void {
    this.breaches.push(text);
    this.note('BREACH', text);
  }
}

/** A message's unique key: fingerprints are unique per sender only. */
export function keyOf(from: string, fingerprint: string | undefined): string {
  return `${from.length}:${from}${fingerprint}`;
}
