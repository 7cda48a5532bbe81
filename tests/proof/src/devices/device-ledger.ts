import { Ledger } from '../ledger.js';

/** A device of a user, or all v6 clients of a user. */
export interface ProofDevice {
  readonly userId: string;
  readonly name: string;
  /** It has no log: it gets what others write to its user, without positions. */
  readonly isV6: boolean;
}

/** A message as the application of a device got it. */
interface DeliveredMessage {
  readonly content: string;
  readonly position?: number | undefined;
}

/** The counts of a run with devices. All but the first must be 0. */
export interface DeviceVerdict {
  /** Acknowledged messages, once for each device that must get them. */
  readonly expected: number;
  /** Acknowledged, but not delivered to a device that must get them. */
  readonly missing: number;
  /** Delivered to the application of a device more than once. */
  readonly duplicated: number;
  /** Delivered after a later message of the same sender and receiver, or after one with a later position. */
  readonly outOfOrder: number;
  /** Positions that a device was told it will not get. */
  readonly gaps: number;
}

/** What one device's application has written down, apart from the messages. */
interface DeviceRecord {
  readonly device: ProofDevice;
  lastPosition: number;
  outOfOrder: number;
  gaps: number;
}

/**
 * What the applications of devices have written down: which messages were acknowledged to a device, which it got with which
 * position, and which gaps it was told.
 *
 * A message must reach each device of its receiver, and each other device of its sender.
 */
export class DeviceLedger {
  /** By sender, receiver and device. */
  readonly messages = new Ledger();
  readonly #records = new Map<ProofDevice, DeviceRecord>();

  constructor(devices: readonly ProofDevice[]) {
    for (const device of devices)
      this.#records.set(device, { device, lastPosition: 0, outOfOrder: 0, gaps: 0 });
  }

  /** The `number`-th message of a device to a user is acknowledged. */
  acknowledged(sender: ProofDevice, to: string, number: number): void {
    for (const device of this.#records.keys())
      if (mustGet(device, sender, to)) this.messages.acknowledged(pairOf(sender, to, device), number);
  }

  delivered(device: ProofDevice, { content, position }: DeliveredMessage): void {
    const record = this.#recordOf(device);
    const { sender, to, number } = readContent(content);
    this.messages.received(`${sender} to ${to} at ${nameOf(device)}`, number);
    if (device.isV6) return;
    if (position === undefined || position <= record.lastPosition) record.outOfOrder += 1;
    record.lastPosition = Math.max(record.lastPosition, position ?? 0);
  }

  gap(device: ProofDevice, from: number, to: number): void {
    this.#recordOf(device).gaps += to - from + 1;
  }

  verdict(): DeviceVerdict {
    const { acknowledged, missing, duplicated, outOfOrder } = this.messages.verdict();
    const records = [...this.#records.values()];
    return {
      expected: acknowledged,
      missing,
      duplicated,
      outOfOrder: records.reduce((sum, record) => sum + record.outOfOrder, outOfOrder),
      gaps: records.reduce((sum, record) => sum + record.gaps, 0),
    };
  }

  #recordOf(device: ProofDevice): DeviceRecord {
    const record = this.#records.get(device);
    if (record === undefined) throw new Error(`${nameOf(device)} is unknown`);
    return record;
  }
}

function nameOf({ userId, name }: ProofDevice): string {
  return `${userId}/${name}`;
}

/** The content of the `number`-th message of a device to a user. */
export function contentOf(sender: ProofDevice, to: string, number: number): string {
  return `${nameOf(sender)} ${to} ${number}`;
}

function readContent(content: string): {
  readonly sender: string;
  readonly to: string;
  readonly number: number;
} {
  const [sender = '', to = '', number = ''] = content.split(' ');
  return { sender, to, number: Number(number) };
}

function pairOf(sender: ProofDevice, to: string, device: ProofDevice): string {
  return `${nameOf(sender)} to ${to} at ${nameOf(device)}`;
}

/** Whether a message must reach a device. */
export function mustGet(device: ProofDevice, sender: ProofDevice, to: string): boolean {
  return device.userId === to || (device.userId === sender.userId && device !== sender && !device.isV6);
}
