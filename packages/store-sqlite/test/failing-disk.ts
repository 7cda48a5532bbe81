import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** A disk of ext4 in a file, which can turn read-only under open files as a real one does: for the administrator only. */
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

  /** What the kernel does when it finds the disk damaged: nothing is written any more. */
  fail(): void {
    const device = basename(run('findmnt', '-no', 'SOURCE', this.path).trim());
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, '1');
  }

  /**
   * Lets nothing be written to its files, open ones too; or lets it again. But for SQLite’s shared memory, whose
   * writers a sealed file kills.
   */
  seal(isSealed: boolean): void {
    const files = readdirSync(this.path).filter((name) => name !== 'lost+found' && !name.endsWith('-shm'));
    run('chattr', isSealed ? '+i' : '-i', ...files.map((name) => join(this.path, name)));
  }

  remove(): void {
    run('umount', '-l', this.path);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Whether this process may have one. */
  static canBe(): boolean {
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
