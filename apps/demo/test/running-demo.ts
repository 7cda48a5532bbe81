import { get } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ClientSettings, createClient, type ImClient } from '@imcore/client/node';
import { ImStatus } from '@imcore/nestjs';
import type { INestApplication } from '@nestjs/common';
import { afterEach } from 'vitest';
import { createApplication } from '../src/create-application.js';
import type { FeedEvent } from '../src/im/event-feed.js';
import { readSettings } from '../src/settings.js';

/** A response of REST. */
interface Response {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Parameters = Readonly<Record<string, string>>;

/** The whole program on free ports, called over HTTP. */
export class RunningDemo {
  readonly application: INestApplication;
  readonly url: string;
  /** The lines of its log. */
  readonly log: readonly string[];

  constructor(application: INestApplication, url: string, log: readonly string[]) {
    this.application = application;
    this.url = url;
    this.log = log;
  }

  /** Sends a form-encoded request, as the tutorial does. */
  post(path: string, parameters: Parameters, headers: Parameters = {}): Promise<Response> {
    return this.request(path, { method: 'POST', body: new URLSearchParams(parameters), headers });
  }

  async request(path: string, init?: RequestInit): Promise<Response> {
    const response = await fetch(`${this.url}/api/${path}`, init);
    return { status: response.status, body: (await response.json()) as Response['body'] };
  }

  /** Sends path and headers unchanged, which `fetch` would normalize. */
  rawGet(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return new Promise((resolve, reject) => {
      const { port } = new URL(this.url);
      get({ port, host: '127.0.0.1', path, headers }, async (response) => {
        const body = JSON.parse(await text(response)) as Response['body'];
        resolve({ status: response.statusCode ?? 0, body });
      }).on('error', reject);
    });
  }

  /** The callbacks so far, of one user or of all. */
  async events(user?: string): Promise<FeedEvent[]> {
    const query = user === undefined ? '' : `&user=${encodeURIComponent(user)}`;
    const response = await fetch(`${this.url}/api/messages?follow=false${query}`);
    return eventsIn(await response.text());
  }

  /** Resolves with the first matching event of the event stream. */
  async event(matches: (event: FeedEvent) => boolean): Promise<FeedEvent> {
    const end = new AbortController();
    const response = await fetch(`${this.url}/api/messages`, { signal: end.signal });
    let text = '';
    try {
      for await (const chunk of response.body ?? []) {
        text += new TextDecoder().decode(chunk as Uint8Array, { stream: true });
        const found = eventsIn(text.slice(0, text.lastIndexOf('\n\n') + 2)).find(matches);
        if (found !== undefined) return found;
      }
    } finally {
      end.abort();
    }
    throw new Error(`the stream ended without the event:\n${text}`);
  }

  /** A client outside the program. */
  client(transport: 'udp' | 'tcp' | 'websocket', settings: ClientSettings = {}): ImClient {
    const port = this.portOf(transport);
    const url =
      transport === 'websocket' ? `ws://127.0.0.1:${port}/websocket` : `${transport}://127.0.0.1:${port}`;
    return createClient({ ...settings, url });
  }

  portOf(transport: 'udp' | 'tcp' | 'websocket'): number {
    const { addresses } = this.application.get(ImStatus);
    return addresses.find((address) => address.transport === transport)?.port ?? 0;
  }
}

/** Parses server-sent events. */
export function eventsIn(text: string): FeedEvent[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as FeedEvent);
}

/** Returns a function that starts the program. Programs are closed after each test. */
export function demos(): (
  environment?: Record<string, string>,
  chatDirectory?: string,
) => Promise<RunningDemo> {
  const open: INestApplication[] = [];
  afterEach(async () => {
    for (const application of open.splice(0)) await application.close();
  });
  return async (environment = {}, chatDirectory = '/nowhere') => {
    const log: string[] = [];
    const note = (message: unknown): void => void log.push(String(message));
    const logger = { log: note, warn: note, error: note };
    const settings = readSettings({
      IMCORE_HOST: '127.0.0.1',
      IMCORE_UDP_PORT: '0',
      IMCORE_TCP_PORT: '0',
      IMCORE_WS_PORT: '0',
      IMCORE_HTTP_PORT: '0',
      IMCORE_STORE: 'memory',
      ...environment,
    });
    const application = await createApplication(settings, { logger, chatDirectory });
    open.push(application);
    await application.listen(settings.httpPort, settings.httpHost);
    const { port } = (application.getHttpServer() as Server).address() as AddressInfo;
    return new RunningDemo(application, `http://127.0.0.1:${port}`, log);
  };
}
