import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** An ext4 disk in a file that can turn read-only under open files, as a failing disk does. Requires root. */
export class FailingDisk {
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'imcore-disk-'));

  constructor() {
    const image = join(this.#folder, 'image');
    this.path = join(this.#folder, 'disk');
    mkdirSync(this.path);
    writeFileSync(image, Buffer.alloc(16 * 1024 * 1024));
    run('mkfs.ext4', '-q', image);
    run('mount', '-o', 'loop,errors=remount-ro', image, this.path);
  }

  /** Makes the kernel remount the disk read-only, as it does when it finds damage. */
  fail(): void {
    const device = basename(run('findmnt', '-no', 'SOURCE', this.path).trim());
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, '1');
  }

  /**
   * Blocks or allows writes to its files, including open ones. Leaves out SQLite's shared memory: a process that writes
   * to it while it is sealed is killed.
   */
  seal(isSealed: boolean): void {
    const files = readdirSync(this.path).filter((name) => name !== 'lost+found' && !name.endsWith('-shm'));
    run('chattr', isSealed ? '+i' : '-i', ...files.map((name) => join(this.path, name)));
  }

  remove(): void {
    run('umount', '-l', this.path);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Whether this process may create one. */
  static isAvailable(): boolean {
    try {
      const disk = new FailingDisk();
      writeFileSync(join(disk.path, 'file'), '');
      disk.seal(true);
      disk.seal(false);
      disk.fail();
      disk.remove();
      return true;
    } catch {
      return false;
    }
  }
}

function run(program: string, ...options: readonly string[]): string {
  return execFileSync(program, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
