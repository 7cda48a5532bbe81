import {
  type DevicePacket,
  ExtensionType,
  encodeDevicePacket,
  type Instant,
  InvalidMember,
  type LogAction,
  type LogDelivery,
  type LoginRequest,
  type LogPacket,
  type LogPosition,
  LogReceiver,
  type Packet,
  PacketType,
  type Random,
  readEntryExtension,
  readKeepAliveLast,
  readLogPacket,
  SERVER_ID,
} from '@imcore/protocol';
import type { Effect } from '../effects.js';
import { notNegotiated, RequestError } from '../errors.js';
import type { KeptDevice, Level } from '../level.js';
import type { LogRequest } from '../log-request.js';
import type { LogHost, LogSettings, SessionLog } from '../session-log.js';
import type { ClientState } from '../state.js';
import { EntriesInHand } from './entries-in-hand.js';
import type { Entry } from './entry.js';
import { invalidPacket, Negotiation } from './negotiation.js';
import { Requests } from './requests.js';
import { type PositionPacket, SavedPositions } from './saved-positions.js';

/** The round-trip time before one was measured, in milliseconds. */
const UNMEASURED_ROUND_TRIP_MS = 300;

/**
 * The log of a user as one device reads it: offers the extension in each login, and from the server's answer on emits messages
 * in the order of their positions, each once.
 *
 * A position is acknowledged when the application has handled all messages up to it and the position is stored. A message
 * whose handling has failed is emitted again when its next copy arrives.
 *
 * @see docs/protocol/SPEC.md#12-the-extension
 */
export class DeviceLog implements SessionLog {
  readonly #host: LogHost;
  readonly #isDatagram: boolean;
  readonly #negotiation: Negotiation;
  readonly #requests: Requests;
  readonly #inHand: EntriesInHand;
  #userId = '';
  #deviceId: string | undefined;
  /** Whether the storage is open, which knows the device and keeps its position. */
  #isStorageOpen = false;
  #receiver = new LogReceiver<Entry>(undefined);
  #saved: SavedPositions;

  constructor(settings: LogSettings, random: Random, host: LogHost) {
    const { effects } = host;
    this.#host = host;
    this.#isDatagram = settings.transportKind === 'udp';
    this.#negotiation = new Negotiation(settings, random, effects);
    const requestSettings = { ...settings, isLossy: this.#isDatagram };
    this.#requests = new Requests(requestSettings, effects, (packet) => this.#write(packet));
    this.#inHand = new EntriesInHand(effects);
    this.#saved = this.#positionsFrom(undefined);
  }

  get level(): Level {
    return this.#negotiation.level;
  }

  get nextDeadline(): Instant {
    return Math.min(this.#receiver.nextDeadline, this.#requests.nextDeadline);
  }

  useDevice(userId: string, { id, position }: KeptDevice): void {
    const known = this.#receiver.position;
    const isSame = this.#userId === userId && this.#deviceId === id;
    // What was handled after the storage was closed is not stored, and counts all the same.
    const isCovered =
      position === undefined || (known?.epoch === position.epoch && known.position >= position.position);
    this.#userId = userId;
    this.#deviceId = id;
    this.#isStorageOpen = true;
    this.#saved = this.#positionsFrom(position);
    if (!isSame || !isCovered) this.#startAt(position);
  }

  forgetUser(): void {
    this.#startAt(undefined);
    this.#deviceId = undefined;
    this.#userId = '';
  }

  offer(login: LoginRequest, roundTripMs = UNMEASURED_ROUND_TRIP_MS): object | undefined {
    const id = this.#isStorageOpen ? this.#deviceId : undefined;
    if (id !== undefined) this.#receiver.linkStarted(this.#isDatagram ? 'datagram' : 'stream', roundTripMs);
    const { position } = this.#receiver;
    const saved = this.#saved.position;
    // A login acknowledges. What is handled and not stored comes again, and is not emitted.
    return this.#negotiation.offer(id, saved?.epoch === position?.epoch ? saved : position, login);
  }

  negotiate(x: unknown, now: Instant): void {
    const log = this.#negotiation.answered(x);
    if (log === undefined) {
      this.#requests.failAll(notNegotiated());
      return;
    }
    const { generation } = this.#receiver;
    this.#carryOut(this.#receiver.answered(log, now), now);
    if (generation !== this.#receiver.generation) this.#inHand.forget();
    // The log may have lost them meanwhile, so that no copy would come.
    this.#inHand.emitFailed(1, log.last, this.#userId);
    this.#requests.linkUp(now);
  }

  endLink(): void {
    this.#negotiation.ended();
    this.#receiver.linkEnded();
    this.#saved.linkLost();
    this.#requests.linkLost();
  }

  failRequests(reason: string): void {
    this.#requests.failAll(new RequestError('ERR_CLOSED', `the login ended: ${reason}`));
  }

  closeStorage(): void {
    const { position } = this.#receiver;
    if (this.#isStorageOpen && position !== undefined) this.#saved.saveLast(position);
    this.#isStorageOpen = false;
  }

  sign(effects: Effect[]): Effect[] {
    return this.#negotiation.sign(effects);
  }

  take(packet: Packet, now: Instant): boolean {
    const { link } = this.#negotiation;
    // Before the answer nothing of the log counts.
    if (link === 'offered') return packet.type === PacketType.Data && packet.x !== undefined;
    if (link !== 'negotiated') return false;
    if (packet.type === PacketType.Data) return packet.x !== undefined && this.#takeEntry(packet, now);
    if (packet.type === PacketType.KeepAliveResponse) {
      const last = this.#valid(readKeepAliveLast(packet.x));
      if (last !== undefined) this.#carryOut(this.#receiver.keptAlive(last, now), now);
      return false;
    }
    const read = this.#valid(readLogPacket(packet));
    if (read !== undefined) this.#takePacket(read, now);
    // Other types are not for the log, and nothing else reads one of these.
    return read !== undefined;
  }

  measureRoundTrip(ms: number): void {
    this.#receiver.roundTripMeasured(ms);
  }

  finish(delivery: LogDelivery, isHandled: boolean, now: Instant): void {
    const wasInHand = this.#inHand.finish(delivery, isHandled);
    if (wasInHand && isHandled) this.#carryOut(this.#receiver.handled(delivery, now), now);
  }

  positionSaved(position: LogPosition): void {
    this.#saved.stored(position);
  }

  request(ticket: number, request: LogRequest, state: ClientState, now: Instant): void {
    if (state === 'idle' || state === 'closed')
      this.#requests.fail(ticket, new RequestError('ERR_CLOSED', 'no user is logged in'));
    else if (state === 'online' && this.level === 'v6') this.#requests.fail(ticket, notNegotiated());
    else this.#requests.add(ticket, request, now);
  }

  wake(now: Instant): void {
    this.#carryOut(this.#receiver.poll(now), now);
    this.#requests.tick(now);
  }

  /** Reports what is invalid. */
  #valid<Read>(read: Read | InvalidMember): Read | undefined {
    if (!(read instanceof InvalidMember)) return read;
    this.#host.effects.push(invalidPacket(read));
    return undefined;
  }

  /** Takes a message with an `x`. Those of the logs of groups were not offered. */
  #takeEntry(packet: Packet, now: Instant): boolean {
    const extension = this.#valid(readEntryExtension(packet.x));
    if (extension !== undefined && extension.log === undefined) {
      const { position } = extension;
      this.#inHand.emitFailed(position, position, this.#userId);
      this.#carryOut(this.#receiver.received(position, { packet, extension }, now), now);
    }
    return true;
  }

  #takePacket(packet: LogPacket, now: Instant): void {
    switch (packet.type) {
      case ExtensionType.Stored:
        // One that was rejected or given up before must come as an entry: the application does not know that it is stored.
        if (this.#host.settle(packet.fingerprint, packet, undefined, now))
          this.#carryOut(this.#receiver.stored(packet.position, now), now);
        break;
      case ExtensionType.Skip: {
        const { from, to, reason, log } = packet;
        if (log !== undefined) break;
        this.#inHand.emitFailed(from, to, this.#userId);
        this.#carryOut(this.#receiver.skipped(from, to, reason, now), now);
        break;
      }
      case ExtensionType.Rejected:
        this.#host.reject(packet.fingerprint, packet.code, now);
        break;
      case ExtensionType.Answer:
        this.#requests.answered(packet, this.#userId, now);
        break;
      default:
        packet satisfies never;
    }
  }

  #carryOut(actions: LogAction<Entry>[], now: Instant): void {
    for (const action of actions) {
      switch (action.kind) {
        case 'deliver': {
          const { entry, delivery } = action;
          if (!this.#isHandledAlready(entry, now)) this.#inHand.emit(entry, delivery, this.#userId);
          // What needs no handling may be acknowledged, after what was decided before.
          else actions.push(...this.#receiver.handled(delivery, now));
          break;
        }
        case 'gap':
          this.#host.effects.push(action);
          break;
        case 'save':
          if (this.#isStorageOpen) this.#saved.save(action.position);
          break;
        case 'acknowledge':
          this.#saved.write(action);
          break;
        case 'sync':
          this.#saved.write({ kind: 'sync', position: action.after });
          break;
        default:
          action satisfies never;
      }
    }
  }

  /**
   * A change of a message, which this version does not know; an own message that is pending, whose answer was lost; or one
   * that came without a position before.
   */
  #isHandledAlready({ packet, extension }: Entry, now: Instant): boolean {
    if (extension.kind !== undefined) return true;
    const { from, to, fp } = packet;
    if (from === this.#userId && fp !== undefined && this.#host.settle(fp, extension, to, now)) return true;
    return this.#host.hasSeen(packet);
  }

  #positionsFrom(position: LogPosition | undefined): SavedPositions {
    return new SavedPositions(position, this.#host.effects, (packet) => this.#writePosition(packet));
  }

  #startAt(position: LogPosition | undefined): void {
    this.#inHand.forget();
    this.#receiver = new LogReceiver(position);
  }

  #writePosition({ kind, position }: PositionPacket): void {
    this.#write(
      kind === 'sync'
        ? { type: ExtensionType.Sync, after: position }
        : { type: ExtensionType.Position, position },
    );
  }

  #write(packet: DevicePacket): void {
    const envelope = { from: this.#userId, to: SERVER_ID };
    const frame = encodeDevicePacket(packet, envelope, this.#negotiation.key);
    this.#host.effects.push({ kind: 'write', frame, isSigned: true });
  }
}
