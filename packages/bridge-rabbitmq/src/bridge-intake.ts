import {
  DEFAULT_DUPLICATE_LIMITS,
  Digest,
  type DuplicateKey,
  DuplicateWindow,
  decodeFrameBody,
  encodeUtf8,
  isUserId,
  type Packet,
  PacketType,
  ProtocolError,
  type ReceivedPacket,
  SERVER_ID,
} from '@imcore/protocol';
import { type RouteHost, toDeliveryError } from '@imcore/server/ports';
import type { BrokerVerdict } from './broker.js';

const TAKEN: BrokerVerdict = { outcome: 'taken' };
const LATER: BrokerVerdict = { outcome: 'later' };

/**
 * Takes what the other system sends to users of this server, each message once however often the broker delivers it:
 * sender, receiver, fingerprint and content identify it.
 */
export class BridgeIntake {
  readonly #host: RouteHost;
  readonly #maxRemembered: number;
  readonly #seen: DuplicateWindow;
  /** Verdicts on messages that are being handled, by what identifies them. */
  readonly #underWay = new Map<string, Promise<BrokerVerdict>>();
  #isStopped = false;

  constructor(host: RouteHost, maxRemembered: number) {
    this.#host = host;
    this.#maxRemembered = maxRemembered;
    const limits = { ...DEFAULT_DUPLICATE_LIMITS, maxRemembered };
    this.#seen = new DuplicateWindow(host.runtime.clock.now(), limits, new Digest());
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** From now on the broker keeps what it has, and what nobody here is responsible for yet. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Takes the text of one packet. Never rejects. */
  receive(text: string): Promise<BrokerVerdict> {
    if (this.#isStopped) return Promise.resolve(LATER);
    const packet = this.#read(text);
    if ('outcome' in packet) return Promise.resolve(packet);
    const { metrics } = this.#host.runtime;
    metrics.messagesFromBridge += 1;
    const { fp, from, to, contentDigest } = packet;
    if (fp === undefined) return this.#deliver(packet);
    const pair = `${from.length} ${to.length} ${from}${to}`;
    const name = `${contentDigest} ${pair}${fp}`;
    const seen = this.#seen.begin(fp, pair, contentDigest, Number.POSITIVE_INFINITY);
    if (typeof seen === 'string') {
      metrics.duplicatesFromBridge += 1;
      return this.#underWay.get(name) ?? Promise.resolve(TAKEN);
    }
    if (seen.isReused) this.#reportReused(fp, from, to);
    const verdict = this.#deliver(packet).then((answer) => {
      this.#underWay.delete(name);
      if (answer.outcome === 'taken') this.#remember(seen);
      else this.#seen.release(seen);
      return answer;
    });
    this.#underWay.set(name, verdict);
    return verdict;
  }

  #read(text: string): AddressedPacket | BrokerVerdict {
    try {
      return toAddressed(decodeFrameBody(encodeUtf8(text)));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.#reject(error.code, error.message);
    }
  }

  #deliver(packet: AddressedPacket): Promise<BrokerVerdict> {
    const { from, to } = packet;
    return new Promise((resolve) => {
      this.#host.dispatch(packet, from, to, {
        asksHook: true,
        accepted: () => resolve(TAKEN),
        failed: (delivery, reason) => {
          if (this.#isStopped || reason === 'store') return resolve(LATER);
          const { code, message } = toDeliveryError(delivery, reason);
          resolve(this.#reject(code, message));
        },
        waitFor() {},
      });
    });
  }

  #reject(code: string, reason: string): BrokerVerdict {
    const { metrics, events } = this.#host.runtime;
    metrics.rejectedFromBridge += 1;
    events.emit('bridgeRejected', { code, reason });
    return { outcome: 'rejected', code, reason };
  }

  #reportReused(fingerprint: string, userId: string, to: string): void {
    const { metrics, events } = this.#host.runtime;
    metrics.fingerprintsReused += 1;
    events.emit('fingerprintReused', { fingerprint, to, userId, transport: 'bridge', remoteAddress: '' });
  }

  #remember(key: DuplicateKey): void {
    const { metrics, events, clock } = this.#host.runtime;
    if (this.#seen.finish(key, clock.now()) === 0) return;
    metrics.limitRemembered += 1;
    events.emit('limited', {
      limit: 'rememberedFingerprints',
      value: this.#maxRemembered,
      remoteAddress: '',
      userId: undefined,
    });
  }
}

type AddressedPacket = Packet & {
  readonly from: string;
  readonly to: string;
  readonly contentDigest: number;
};

/**
 * What is delivered of a packet from the bridge: data from a user, or from the other system's server, to a user.
 *
 * @throws ProtocolError `ERR_INVALID_FIELD`
 */
function toAddressed(packet: ReceivedPacket): AddressedPacket {
  const { type, dataContent, from, to, fp: given, typeu, sm, contentDigest } = packet;
  if (type !== PacketType.Data) throw invalid(`type is ${type}: only data crosses the bridge`);
  if (!isUserId(to)) throw invalid('to is no user');
  if (from !== SERVER_ID && !isUserId(from)) throw invalid('from is neither a user nor the server');
  const fp = given === '' ? undefined : given;
  return { type, dataContent, from, to, fp, QoS: fp !== undefined, typeu, bridge: true, sm, contentDigest };
}

function invalid(what: string): ProtocolError {
  return new ProtocolError('ERR_INVALID_FIELD', `field ${what}`);
}
