import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Another commit of this repository, built in a folder of its own. */
export class OldVersion {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Takes about a minute. @throws Error if the commit does not exist or cannot be built. */
  static build(commit: string): OldVersion {
    const folder = mkdtempSync(join(tmpdir(), 'imcore-proof-old-version-'));
    execFileSync('git', ['worktree', 'add', '--detach', folder, commit], { stdio: 'ignore' });
    const old = new OldVersion(folder);
    try {
      for (const args of [
        ['ci', '--silent'],
        ['run', '--silent', 'build'],
      ])
        execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    } catch (error) {
      old.remove();
      throw error;
    }
    return old;
  }

  /** The program of a node of the cluster proof. */
  get nodeProgram(): string {
    return join(this.#folder, 'tests/proof/dist/cluster/node-main.js');
  }

  remove(): void {
    execFileSync('git', ['worktree', 'remove', '--force', this.#folder], { stdio: 'ignore' });
  }
}
