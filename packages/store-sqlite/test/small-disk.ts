import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small file system in memory. Requires root. */
export class SmallDisk {
  readonly path = mkdtempSync(join(tmpdir(), 'imcore-disk-'));

  constructor() {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', this.path], { stdio: 'ignore' });
  }

  remount(options: string): void {
    execFileSync('mount', ['-o', `remount,${options}`, this.path], { stdio: 'ignore' });
  }

  remove(): void {
    execFileSync('umount', ['-l', this.path], { stdio: 'ignore' });
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Whether this process may create one. */
  static isAvailable(): boolean {
    try {
      new SmallDisk().remove();
      return true;
    } catch {
      return false;
    }
  }
}
