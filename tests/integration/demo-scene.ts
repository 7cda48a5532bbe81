import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, type Ports, type Running, startDemo } from './demo-process.js';

/** The demo in its own folder and on its own ports. A test can start it several times. */
export class DemoScene {
  readonly directory = mkdtempSync(join(tmpdir(), 'imcore-demo-'));
  readonly ports: Ports;
  readonly #running: Running[] = [];

  private constructor(ports: Ports) {
    this.ports = ports;
  }

  static async open(): Promise<DemoScene> {
    return new DemoScene(await freePorts());
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.get('8080')}`;
  }

  /** Resolves when all ports are open. */
  async start(): Promise<Running> {
    const demo = startDemo(this.directory, this.ports);
    this.#running.push(demo);
    await demo.says('Press Ctrl+C to stop.');
    return demo;
  }

  async post(path: string, parameters: Record<string, string>): Promise<unknown> {
    const response = await fetch(`${this.url}/api/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    return response.json();
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((demo) => demo.stop()));
    rmSync(this.directory, { recursive: true });
  }
}
