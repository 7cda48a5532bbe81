import {
  type Clock,
  type DuplicateWindowLimits,
  type Emitter,
  encodeFrameBody,
  type Instant,
  isUserId,
  type Packet,
  type ReceivedPacket,
  SERVER_ID,
} from '@imcore/protocol';
import type { Courier } from '../delivery/courier.js';
import { Delivery, toMessage } from '../delivery/delivery.js';
import type { RejectedReason, ServerEvents } from '../events.js';
import type { HookAsker } from '../hook-asker.js';
import type { Hooks, Sender, SessionInfo } from '../hooks.js';
import type { ServerLimits } from '../limits.js';
import type { ServerMetrics } from '../metrics.js';
import type { Directory } from '../sessions/directory.js';
import type { User } from '../sessions/user.js';

export interface RouterParts {
  readonly clock: Clock;
  readonly metrics: ServerMetrics;
  readonly events: Emitter<ServerEvents>;
  readonly hooks: Hooks;
  readonly asker: HookAsker;
  readonly limits: ServerLimits;
  readonly duplicateLimits: DuplicateWindowLimits;
  readonly directory: Directory;
  readonly courier: Courier;
  /** Gives `sm` where the server stamps its time. */
  readonly stamp: (() => number) | undefined;
  readonly toSender: (user: SessionInfo) => Sender;
}

/**
 * Takes a data packet of a logged-in user, once however often it comes, and sends it to the server's own hook or to
 * another user.
 *
 * @see docs/protocol/SPEC.md#7-data-three-directions
 */
export class Router {
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  /**
   * Returns a promise while the application has not answered whether the message may pass; whatever the same sender
   * sends meanwhile must wait for it. It never rejects.
   */
  route(packet: ReceivedPacket, sender: User, info: SessionInfo, now: Instant): Promise<void> | undefined {
    const { to } = packet;
    const { metrics, hooks } = this.#parts;
    if (to === undefined || (to !== SERVER_ID && !isUserId(to))) {
      metrics.withoutReceiver += 1;
      this.#rejected('no-receiver', info);
      return undefined;
    }
    if (packet.QoS && packet.fp !== undefined && !this.#isNew(packet, packet.fp, to, sender, info, now))
      return undefined;
    metrics.messagesAccepted += 1;
    if (hooks.authorizeMessage === undefined) {
      this.#pass(packet, to, sender, info, now);
      return undefined;
    }
    return this.#authorize(packet, to, sender, info);
  }

  /** Begins a new message; acknowledges again what was handled; is silent about what is being handled. */
  #isNew(
    packet: Packet,
    fingerprint: string,
    to: string,
    sender: User,
    info: SessionInfo,
    now: Instant,
  ): boolean {
    const { metrics, limits, events } = this.#parts;
    const duplicates = sender.duplicates(now, this.#parts.duplicateLimits);
    const seen = duplicates.begin(fingerprint, to, limits.maxUnacknowledged);
    if (seen === 'new') return true;
    if (seen === 'too-many') {
      metrics.limitUnacknowledged += 1;
      const { userId, remoteAddress } = info;
      const value = limits.maxUnacknowledged;
      events.emit('limited', { limit: 'maxUnacknowledged', value, remoteAddress, userId });
      return false;
    }
    metrics.messagesDuplicate += 1;
    if (seen === 'done') sender.acknowledge(fingerprint, to, packet.bridge);
    return false;
  }

  #authorize(packet: ReceivedPacket, to: string, sender: User, info: SessionInfo): Promise<void> | undefined {
    const { hooks, asker, clock, metrics } = this.#parts;
    const refuse = (): void => {
      metrics.notAuthorized += 1;
      this.#refuse(packet, to, sender, clock.now());
      this.#rejected('not-authorized', info);
    };
    const decide = (allowed: unknown): void => {
      if (typeof allowed !== 'boolean')
        throw new TypeError(`it answered ${typeof allowed}, not true or false`);
      if (allowed) this.#pass(packet, to, sender, info, clock.now());
      else refuse();
    };
    const question = (): unknown => hooks.authorizeMessage?.(toMessage(packet, sender.id), info);
    const answer = asker.ask('authorizeMessage', question, decide, refuse);
    return answer === undefined ? undefined : sender.awaits(answer);
  }

  #pass(packet: ReceivedPacket, to: string, sender: User, info: SessionInfo, now: Instant): void {
    if (to === SERVER_ID) this.#toServer(packet, sender, info, now);
    else {
      const delivery = new Delivery(packet, this.#bodyOf(packet, sender.id), sender.id, to, sender);
      this.#parts.courier.deliver(delivery, to === sender.id ? sender : this.#parts.directory.find(to), now);
    }
  }

  /** The received bytes, unless something must be changed in them. */
  #bodyOf(packet: ReceivedPacket, from: string): string {
    const { stamp } = this.#parts;
    const qos = packet.QoS && packet.fp !== undefined;
    if (packet.from === from && stamp === undefined && qos === packet.QoS) return packet.body;
    const { type, dataContent, to, fp, typeu, bridge } = packet;
    return encodeFrameBody({
      type,
      dataContent,
      from,
      to,
      fp,
      QoS: qos,
      typeu,
      bridge,
      sm: stamp?.() ?? packet.sm,
    });
  }

  #toServer(packet: ReceivedPacket, sender: User, info: SessionInfo, now: Instant): void {
    const { hooks, asker, metrics, toSender } = this.#parts;
    metrics.messagesToServer += 1;
    if (hooks.onServerMessage === undefined) {
      this.#acknowledge(packet, sender, now);
      return;
    }
    const fail = (): void => this.#refuse(packet, SERVER_ID, sender, this.#parts.clock.now());
    const accept = (): void => this.#acknowledge(packet, sender, this.#parts.clock.now());
    const question = (): unknown => hooks.onServerMessage?.(toMessage(packet, sender.id), toSender(info));
    void asker.ask('onServerMessage', question, accept, fail);
  }

  #acknowledge(packet: Packet, sender: User, now: Instant): void {
    if (!packet.QoS || packet.fp === undefined) return;
    sender.handled(packet.fp, SERVER_ID, now);
    sender.acknowledge(packet.fp, SERVER_ID, packet.bridge);
  }

  #refuse(packet: Packet, to: string, sender: User, now: Instant): void {
    if (!packet.QoS || packet.fp === undefined) return;
    sender.duplicates(now, this.#parts.duplicateLimits).refuse(packet.fp, to);
  }

  #rejected(reason: RejectedReason, info: SessionInfo): void {
    const { transport, remoteAddress, userId } = info;
    if (this.#parts.events.has('rejected'))
      this.#parts.events.emit('rejected', { reason, transport, remoteAddress, userId });
  }
}
