import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificateFiles } from './certificate-files.js';

const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';
const NEEDED = ['/usr/sbin/nginx', STREAM_MODULE, '/usr/sbin/haproxy'];

/** How long a proxy may take to listen, in milliseconds. */
const START_MS = 10_000;

/**
 * Whether there are proxies to test with. Where there are none the tests are skipped and say so, except in CI, where they
 * fail.
 */
export function hasProxies(): boolean {
  const missing = NEEDED.filter((file) => !existsSync(file));
  if (missing.length === 0) return true;
  if (process.env['CI'] === 'true') throw new Error(`CI has no ${missing.join(', ')}`);
  console.warn(`SKIPPED: tests behind nginx and HAProxy, there is no ${missing.join(', ')}`);
  return false;
}

/** A running nginx or HAProxy, with a configuration and a certificate in a directory of its own. */
export class ProxyProcess {
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.#directory = directory;
  }

  /** Starts nginx with blocks for `http` and beside it. Paths of certificates are replaced. */
  static async startNginx(http: string, beside: string, port: number): Promise<ProxyProcess> {
    const directory = newDirectory();
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const file = join(directory, 'nginx.conf');
    const text = `
      load_module ${STREAM_MODULE};
      daemon off;
      worker_processes 1;
      pid ${directory}/nginx.pid;
      error_log stderr;
      events {}
      http {
        access_log off;
        ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
        ${http}
      }
      ${beside}`;
    writeFileSync(file, withCertificate(text, directory));
    const child = spawn('/usr/sbin/nginx', ['-c', file, '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return await new ProxyProcess(child, directory).#listening(port);
  }

  /** Starts HAProxy. Paths of certificates are replaced. */
  static async startHaproxy(text: string, port: number): Promise<ProxyProcess> {
    const directory = newDirectory();
    const file = join(directory, 'haproxy.cfg');
    writeFileSync(file, withCertificate(text, directory));
    const child = spawn('/usr/sbin/haproxy', ['-db', '-q', '-f', file], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return await new ProxyProcess(child, directory).#listening(port);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const gone = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await gone;
    }
    rmSync(this.#directory, { recursive: true });
  }

  async #listening(port: number): Promise<this> {
    const giveUpAt = performance.now() + START_MS;
    while (!(await isListening(port))) {
      if (this.#child.exitCode !== null || performance.now() > giveUpAt) {
        await this.stop();
        throw new Error('the proxy does not listen');
      }
    }
    return this;
  }
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'imcore-proxy-'));
}

/** Makes a certificate, and replaces the paths of that of the guide. HAProxy wants it and its key in one file. */
function withCertificate(text: string, directory: string): string {
  const { cert, key } = makeCertificateFiles(directory);
  const both = join(directory, 'both.pem');
  writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
  return text.replaceAll(/\/etc\/ssl\/im\.example\.com\.(pem|key)/g, both);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => setTimeout(() => resolve(false), 20));
  });
}
