import { contentOf, mustGet, type ProofDevice } from './device-ledger.js';

/** The counts of a run with restored backups. `acknowledged` and `restored` say how much was tested; all others must be 0. */
export interface RestoredVerdict {
  readonly acknowledged: number;
  /** Acknowledged after a backup and before the server was killed: the backup does not have them. */
  readonly unguaranteed: number;
  /** Guaranteed, but neither delivered to a device that must get them, nor in the history that its application has read. */
  readonly missing: number;
  /** Devices that were not told that the server cannot continue where they were. Counted once for each backup. */
  readonly untold: number;
  /** Gaps that have another reason, or that a device was told more often than once for each backup. */
  readonly needless: number;
}

interface Sent {
  readonly sender: ProofDevice;
  readonly to: string;
  readonly content: string;
  /** How many backups had begun when it was acknowledged, and how many were restored. They differ while it has no guarantee. */
  readonly begun: number;
  readonly restored: number;
}

/**
 * What the applications of devices have written down while a server was set back to backups: what was acknowledged to them, what they
 * got or read from the history, and which gaps they were told.
 */
export class RestoredLedger {
  readonly #devices: readonly ProofDevice[];
  readonly #sent: Sent[] = [];
  /** Contents by device. */
  readonly #delivered = new Map<ProofDevice, Set<string>>();
  /** Contents by user. */
  readonly #history = new Map<string, Set<string>>();
  readonly #holes = new Map<ProofDevice, number>();
  #needless = 0;
  #begun = 0;
  #restored = 0;

  constructor(devices: readonly ProofDevice[]) {
    this.#devices = devices;
    for (const device of devices) {
      this.#delivered.set(device, new Set());
      this.#history.set(device.userId, new Set());
    }
  }

  /** A backup begins: what is acknowledged from now on, until {@link restored}, is not guaranteed. */
  backupBegan(): void {
    this.#begun += 1;
  }

  /** The backup is in place, and the server is about to start. */
  restored(): void {
    this.#restored += 1;
  }

  acknowledged(sender: ProofDevice, to: string, number: number): void {
    const content = contentOf(sender, to, number);
    this.#sent.push({ sender, to, content, begun: this.#begun, restored: this.#restored });
  }

  delivered(device: ProofDevice, { content }: { readonly content: string }): void {
    this.#delivered.get(device)?.add(content);
  }

  readFromHistory(userId: string, content: string): void {
    this.#history.get(userId)?.add(content);
  }

  gap(device: ProofDevice, _from: number, _to: number, reason: string): void {
    const holes = (this.#holes.get(device) ?? 0) + 1;
    if (reason === 'hole' && holes <= this.#restored) this.#holes.set(device, holes);
    else this.#needless += 1;
  }

  /** Whether every device has been told of each restored backup. */
  get isTold(): boolean {
    return this.#untold() === 0;
  }

  verdict(): RestoredVerdict {
    const guaranteed = this.#sent.filter(({ begun, restored }) => begun === restored);
    return {
      acknowledged: this.#sent.length,
      unguaranteed: this.#sent.length - guaranteed.length,
      missing: guaranteed.reduce((sum, sent) => sum + this.#missing(sent), 0),
      untold: this.#untold(),
      needless: this.#needless,
    };
  }

  /** Number of devices that should have a message and do not. */
  #missing({ sender, to, content }: Sent): number {
    const lacking = this.#devices.filter((device) => {
      if (!mustGet(device, sender, to) || this.#delivered.get(device)?.has(content) === true) return false;
      return device.isV6 || this.#history.get(device.userId)?.has(content) !== true;
    });
    return lacking.length;
  }

  #untold(): number {
    const named = this.#devices.filter(({ isV6 }) => !isV6);
    return named.reduce((sum, device) => sum + this.#restored - (this.#holes.get(device) ?? 0), 0);
  }
}
