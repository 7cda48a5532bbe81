import {
  type Clock,
  DEFAULT_DUPLICATE_LIMITS,
  Digest,
  DuplicateWindow,
  decodePacket,
  type Emitter,
  encodeFrameBody,
  isUserId,
  type Packet,
  PacketType,
  ProtocolError,
  SERVER_ID,
} from '@imcore/protocol';
import type { ServerEvents, UndeliveredReason } from '../events.js';
import type { ServerLimits } from '../limits.js';
import type { ServerMetrics } from '../metrics.js';
import type { BridgeHost, BridgeVerdict } from '../ports/bridge.js';
import type { Directory } from '../sessions/directory.js';
import type { Courier } from './courier.js';
import { Delivery } from './delivery.js';
import type { Origin } from './origin.js';
import { toError } from './promise-origin.js';

export interface BridgeIntakeParts {
  readonly clock: Clock;
  readonly metrics: ServerMetrics;
  readonly events: Emitter<ServerEvents>;
  readonly limits: ServerLimits;
  readonly directory: Directory;
  readonly courier: Courier;
}

const TAKEN: BridgeVerdict = { outcome: 'taken' };
const LATER: BridgeVerdict = { outcome: 'later' };

/**
 * Takes what the other system sends to users of this one, each message once however often the broker brings it: it is
 * known by sender, receiver and fingerprint.
 */
export class BridgeIntake implements BridgeHost {
  readonly #parts: BridgeIntakeParts;
  readonly #seen: DuplicateWindow;
  /** What becomes of the messages that are being handled, by their keys. */
  readonly #underWay = new Map<string, Promise<BridgeVerdict>>();
  #isStopped = false;

  constructor(parts: BridgeIntakeParts) {
    this.#parts = parts;
    const maxRemembered = parts.limits.maxRememberedFromBridge;
    this.#seen = new DuplicateWindow(
      parts.clock.now(),
      { ...DEFAULT_DUPLICATE_LIMITS, maxRemembered },
      new Digest(),
    );
  }

  receive(text: string): Promise<BridgeVerdict> {
    if (this.#isStopped) return Promise.resolve(LATER);
    const packet = this.#read(text);
    if ('outcome' in packet) return Promise.resolve(packet);
    this.#parts.metrics.messagesFromBridge += 1;
    if (packet.fp === undefined) return this.#deliver(packet);
    const { fp } = packet;
    const pair = pairOf(packet);
    if (this.#seen.look(fp, pair) === 'done') {
      this.#parts.metrics.duplicatesFromBridge += 1;
      return Promise.resolve(TAKEN);
    }
    const key = `${pair}${fp}`;
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) {
      this.#parts.metrics.duplicatesFromBridge += 1;
      return underWay;
    }
    const verdict = this.#deliver(packet).then((answer) => {
      this.#underWay.delete(key);
      if (answer.outcome === 'taken') this.#remember(fp, pair);
      return answer;
    });
    this.#underWay.set(key, verdict);
    return verdict;
  }

  joined(): void {
    this.#parts.metrics.bridgeJoined = 1;
    this.#parts.courier.bridgeIs('joined');
    this.#parts.events.emit('bridge', { state: 'joined', error: undefined });
  }

  away(error: Error): void {
    this.#parts.metrics.bridgeJoined = 0;
    this.#parts.courier.bridgeIs('away');
    if (!this.#isStopped) this.#parts.events.emit('bridge', { state: 'away', error });
  }

  troubled(error: Error): void {
    this.#parts.events.emit('error', error);
  }

  /** From now on the broker keeps what it has, and what nobody here has taken yet. */
  stop(): void {
    this.#isStopped = true;
  }

  #read(text: string): AddressedPacket | BridgeVerdict {
    try {
      return address(decodePacket(text));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.#refuse(error.code, error.message);
    }
  }

  #deliver(packet: AddressedPacket): Promise<BridgeVerdict> {
    const { courier, directory, clock } = this.#parts;
    const { from, to } = packet;
    return new Promise((resolve) => {
      const origin: Origin = {
        asksHook: true,
        responsible: () => resolve(TAKEN),
        failed: (delivery, reason) => resolve(this.#failed(delivery, reason)),
        waitFor() {},
      };
      const delivery = new Delivery(packet, encodeFrameBody(packet), from, to, origin);
      courier.deliver(delivery, directory.find(to), clock.now());
    });
  }

  #failed(delivery: Delivery, reason: UndeliveredReason): BridgeVerdict {
    if (this.#isStopped || reason === 'store') return LATER;
    const { code, message } = toError(delivery, reason);
    return this.#refuse(code, message);
  }

  #refuse(code: string, reason: string): BridgeVerdict {
    this.#parts.metrics.rejectedFromBridge += 1;
    this.#parts.events.emit('bridgeRejected', { code, reason });
    return { outcome: 'refused', code, reason };
  }

  #remember(fingerprint: string, pair: string): void {
    const { metrics, events, limits, clock } = this.#parts;
    if (this.#seen.finish(fingerprint, pair, clock.now()) === 0) return;
    const value = limits.maxRememberedFromBridge;
    metrics.limitRemembered += 1;
    events.emit('limited', {
      limit: 'maxRememberedFromBridge',
      value,
      remoteAddress: '',
      userId: undefined,
    });
  }
}

/** A packet that can be delivered. */
interface AddressedPacket extends Packet {
  readonly from: string;
  readonly to: string;
}

/**
 * What is delivered of a packet from the bridge: data from a user or the other system's server to a user.
 *
 * @throws ProtocolError `ERR_INVALID_FIELD`
 */
function address({ type, dataContent, from, to, fp, typeu, sm }: Packet): AddressedPacket {
  if (type !== PacketType.Data) throw invalid(`type is ${type}: only data crosses the bridge`);
  if (!isUserId(to)) throw invalid('to is no user');
  if (from !== SERVER_ID && !isUserId(from)) throw invalid('from is neither a user nor the server');
  const fingerprint = fp === '' ? undefined : fp;
  return {
    type,
    dataContent,
    from,
    to,
    fp: fingerprint,
    QoS: fingerprint !== undefined,
    typeu,
    bridge: true,
    sm,
  };
}

function invalid(what: string): ProtocolError {
  return new ProtocolError('ERR_INVALID_FIELD', `field ${what}`);
}

/** Sender and receiver: with the fingerprint, what makes a message unique. */
function pairOf({ from, to }: AddressedPacket): string {
  return `${from.length} ${to.length} ${from}${to}`;
}
