import { createClient, type ImClient, type Message, silentLogger, type Transport } from '@imcore/client';
import { type Clock, createFingerprint } from '@imcore/protocol';
import type { SeededRandom, SimulatedLink } from '@imcore/testkit';
import { type Journal, keyOf, type SentMessage } from './journal.js';
import type { DevicePlan } from './plan.js';

export interface DeviceParts {
  readonly plan: DevicePlan;
  readonly transport: Transport;
  readonly link: SimulatedLink;
  /** The client's time. */
  readonly clock: Clock;
  /** The application's time. */
  readonly applicationClock: Clock;
  readonly random: SeededRandom;
  readonly senseMode: 3 | 5;
  readonly journal: Journal;
  readonly originalFingerprint: (fingerprint: string) => string;
}

/** Longest time that an application takes to log in again after a login came to nothing, in milliseconds. */
export const LOGIN_AGAIN_MS = 1000;

/** How likely an application sends a message again that it was told was not acknowledged. */
const REPEATS = 0.3;

/** A user's device: a real client, and an application that notes everything it sends and sees. */
export class Device {
  readonly plan: DevicePlan;
  readonly client: ImClient;
  readonly link: SimulatedLink;
  readonly #parts: DeviceParts;
  #wantsOnline = false;
  #isStubborn = false;

  constructor(parts: DeviceParts) {
    const { plan, transport, link, clock, random, senseMode, journal } = parts;
    this.plan = plan;
    this.link = link;
    this.#parts = parts;
    this.client = createClient({
      transport,
      clock,
      random: random.fork('client').next,
      senseMode: plan.kind === 'udp' ? 3 : senseMode,
      logger: silentLogger,
    });
    this.client.on('message', (message) => this.#receive(message));
    this.client.on('kicked', ({ code }) => {
      journal.note(plan.name, `kicked with ${code}`);
      this.#wantsOnline = this.#isStubborn;
      if (this.#isStubborn) this.#loginLater();
    });
    this.client.on('state', ({ current, reason }) => journal.note(plan.name, `${current} ${reason ?? ''}`));
    this.client.on('error', (error) => journal.note(plan.name, `error: ${error.message}`));
  }

  get name(): string {
    return this.plan.name;
  }

  get userId(): string {
    return this.plan.userId;
  }

  /** Whether the application means to be logged in. */
  get wantsOnline(): boolean {
    return this.#wantsOnline;
  }

  get isOnStream(): boolean {
    return this.plan.kind !== 'udp';
  }

  /** Logs in unless that is done or under way, and tries again when it comes to nothing. */
  login(): void {
    this.#wantsOnline = true;
    if (this.client.state !== 'idle') return;
    this.client.login({ userId: this.userId, token: 'secret' }).catch((error: Error) => {
      this.#parts.journal.note(this.name, `login failed: ${error.message}`);
      this.#loginLater();
    });
  }

  /** {@link login}, and after a kick-out again: one that was decided earlier may still be under way. */
  loginForGood(): void {
    this.#isStubborn = true;
    this.login();
  }

  logout(): void {
    this.#wantsOnline = false;
    this.#isStubborn = false;
    void this.client.logout();
  }

  /** Sends a message with a fingerprint of its own, or the given one. */
  send(to: string, content: string, options: { qos?: boolean; fingerprint?: string } = {}): void {
    const { journal, random } = this.#parts;
    const { qos = true, fingerprint = createFingerprint(random.next) } = options;
    const known = journal.sent.get(keyOf(this.userId, fingerprint));
    if (known !== undefined && known.pending > 0) return;
    const sent = journal.sending({ from: this.userId, by: this.name, to, fingerprint, content, qos });
    journal.note(this.name, `sends ${fingerprint} to ${to}${qos ? '' : ' without QoS'}`);
    this.client.send({ to, content: sent.content, qos, fingerprint }).then(
      () => this.#settled(sent, undefined),
      (error: Error & { code?: string }) => this.#settled(sent, error.code ?? error.message),
    );
  }

  #loginLater(): void {
    const { applicationClock: clock, random } = this.#parts;
    clock.schedule(clock.now() + random.between(1, LOGIN_AGAIN_MS), () => {
      if (this.#wantsOnline) this.login();
    });
  }

  #settled(sent: SentMessage, failure: string | undefined): void {
    const { journal, random, applicationClock: clock } = this.#parts;
    sent.pending -= 1;
    journal.note(this.name, `${failure ?? 'acknowledged'} ${sent.fingerprint}`);
    if (failure === undefined) sent.acknowledgements += 1;
    else sent.failures.push(failure);
    if (failure !== 'ERR_NOT_ACKNOWLEDGED' || sent.isRepeated || !random.chance(REPEATS)) return;
    clock.schedule(clock.now() + random.between(0, 2000), () => {
      if (this.client.state !== 'idle') this.send(sent.to, sent.content, { fingerprint: sent.fingerprint });
    });
  }

  #receive({ from, content, fingerprint }: Message): void {
    const { journal, originalFingerprint } = this.#parts;
    const original = fingerprint === undefined ? undefined : originalFingerprint(fingerprint);
    journal.hand({ to: this.name, userId: this.userId, from, fingerprint: original, content });
  }
}
