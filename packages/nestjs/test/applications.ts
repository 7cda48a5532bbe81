import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { ImClient, Message } from '@imcore/client/node';
import { silentLogger, tcp } from '@imcore/server';
import type { INestApplication, NestApplicationOptions, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach } from 'vitest';
import { type ImModuleOptions, ImStatus } from '../src/index.js';

/** Options with a TCP transport on a free port, and no log. */
export function quietOptions(options: Partial<ImModuleOptions> = {}): ImModuleOptions {
  return {
    transports: () => [tcp({ host: '127.0.0.1', port: 0 })],
    logger: silentLogger,
    drainMs: 0,
    ...options,
  };
}

const ADAPTERS = {
  Fastify: () => new FastifyAdapter({ forceCloseConnections: true }),
  Express: () => new ExpressAdapter(),
};

/** Returns a function that creates applications. They are closed after each test. */
export function applications(): (module: Type, adapter?: keyof typeof ADAPTERS) => Promise<INestApplication> {
  const open: INestApplication[] = [];
  afterEach(async () => {
    for (const application of open.splice(0)) await application.close();
  });
  return async (module, adapter = 'Fastify') => {
    const options: NestApplicationOptions = { logger: false, abortOnError: false };
    const application: INestApplication = await NestFactory.create(module, ADAPTERS[adapter](), options);
    open.push(application);
    return application;
  };
}

/** Starts the application. Resolves with the port of its HTTP server. */
export async function httpPortOf(application: INestApplication): Promise<number> {
  await application.listen(0, '127.0.0.1');
  const server = application.getHttpServer() as Server;
  if (!server.listening) await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The URL of the own server's TCP transport. */
export function tcpUrlOf(application: INestApplication): string {
  const address = application.get(ImStatus).addresses.find(({ transport }) => transport === 'tcp');
  if (address === undefined) throw new Error('no TCP transport');
  return `tcp://${address.host}:${address.port}`;
}

/** Resolves with the next message that a client receives. */
export function nextMessage(client: ImClient): Promise<Message> {
  return new Promise((resolve) => {
    const stop = client.on('message', (message) => {
      stop();
      resolve(message);
    });
  });
}
