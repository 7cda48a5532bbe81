import { Ledger } from '../ledger.js';
import type { DeviceVerdict } from './device-ledger.js';
import type { DeviceProcess } from './device-process.js';

/** Compares what senders have accepted with the journals of the device processes of their receivers. */
export class JournalLedger {
  readonly messages = new Ledger();
  readonly #devices: ReadonlyMap<string, DeviceProcess>;
  readonly #lastPosition = new Map<string, number>();
  #twice = 0;
  #outOfOrder = 0;
  #gaps = 0;

  /** `devices`: by the name of their pair. */
  constructor(devices: ReadonlyMap<string, DeviceProcess>) {
    this.#devices = devices;
  }

  accepted(pair: string, number: number): void {
    this.messages.acknowledged(pair, number);
  }

  /** Reads what was added to the journals. */
  read(): void {
    for (const [pair, device] of this.#devices) {
      for (const line of device.newLines()) {
        if (line.kind === 'gap') this.#gaps += line.to - line.from + 1;
        else if (line.kind === 'twice') this.#twice += 1;
        else this.#got(pair, line.position, Number(line.content));
      }
    }
  }

  verdict(): DeviceVerdict {
    const { acknowledged, missing, duplicated, outOfOrder } = this.messages.verdict();
    return {
      expected: acknowledged,
      missing,
      duplicated: duplicated + this.#twice,
      outOfOrder: outOfOrder + this.#outOfOrder,
      gaps: this.#gaps,
    };
  }

  #got(pair: string, position: number, number: number): void {
    this.messages.received(pair, number);
    if (position <= (this.#lastPosition.get(pair) ?? 0)) this.#outOfOrder += 1;
    this.#lastPosition.set(pair, position);
  }
}
