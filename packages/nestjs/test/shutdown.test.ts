import { createClient } from '@imcore/client/node';
import { ImServer, memoryStore, tcp } from '@imcore/server';
import { Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { ImClientFactory, ImHealthIndicator, ImModule, ImStatus } from '../src/index.js';
import { applications, nextMessage, quietOptions, tcpUrlOf } from './applications.js';

const start = applications();

describe('the shutdown of the application', () => {
  it('waits for acknowledgements of messages in flight', async () => {
    @Module({ imports: [ImModule.forRoot(quietOptions({ drainMs: 5_000 }))] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    const client = createClient({ url: tcpUrlOf(application), autoReconnect: false });
    await client.login({ userId: 'alice' });
    const received = nextMessage(client);
    const outcome = application.get(ImServer).send('alice', 'a last word');
    await application.close();
    expect(await outcome).toBe('received');
    expect((await received).content).toBe('a last word');
    await client.close();
  });

  it('stores messages that are not acknowledged in time, before onApplicationShutdown of providers', async () => {
    const stored: string[] = [];
    const order: string[] = [];
    @Injectable()
    class Watcher implements OnApplicationShutdown {
      readonly #status: ImStatus;
      constructor(@Inject(ImStatus) status: ImStatus) {
        this.#status = status;
      }
      onApplicationShutdown(): void {
        order.push(this.#status.state);
      }
    }
    const options = quietOptions({ store: memoryStore(), drainMs: 1 });
    @Module({ imports: [ImModule.forRoot(options)], providers: [Watcher] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    const server = application.get(ImServer);
    server.on('stored', ({ content }) => stored.push(content));
    const outcome = server.send('nobody', 'for later');
    await application.close();
    expect(await outcome).toBe('stored');
    expect(order).toEqual(['closed']);
  });

  it('closes the clients inside the program', async () => {
    @Module({ imports: [ImModule.forRoot(quietOptions())] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    const factory = application.get(ImClientFactory);
    const client = factory.create();
    await client.login({ userId: 'alice' });
    expect(factory.openCount).toBe(1);
    await application.close();
    expect(client.state).toBe('closed');
    expect(factory.openCount).toBe(0);
  });

  it('creates no more clients, which would not be closed', async () => {
    @Module({ imports: [ImModule.forRoot(quietOptions())] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    const factory = application.get(ImClientFactory);
    const url = tcpUrlOf(application);
    const client = factory.create();
    await client.login({ userId: 'alice' });
    const codes: unknown[] = [];
    client.on('state', ({ current }) => {
      if (current !== 'closed') return;
      for (const create of [() => factory.create(), () => factory.create({ url })]) {
        try {
          create();
        } catch (error) {
          codes.push((error as { code?: unknown }).code);
        }
      }
    });
    await application.close();
    expect(codes).toEqual(['ERR_SERVER_NOT_RUNNING', 'ERR_SERVER_NOT_RUNNING']);
    expect(factory.openCount).toBe(0);
  });

  it('frees the ports', async () => {
    @Module({ imports: [ImModule.forRoot(quietOptions())] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    const port = application.get(ImStatus).addresses[0]?.port ?? 0;
    await application.close();
    @Module({ imports: [ImModule.forRoot(quietOptions({ transports: [tcp({ host: '127.0.0.1', port })] }))] })
    class Again {}
    const again = await start(Again);
    await again.init();
    expect(again.get(ImStatus).addresses[0]?.port).toBe(port);
  });
});

describe('ImHealthIndicator', () => {
  it('is down before startup, up while the server listens, and down after shutdown', async () => {
    @Module({ imports: [ImModule.forRoot(quietOptions())] })
    class AppModule {}
    const application = await start(AppModule);
    const health = application.get(ImHealthIndicator);
    expect(health.isHealthy().imcore).toMatchObject({ status: 'down', state: 'starting' });
    await application.init();
    await application.get(ImClientFactory).create().login({ userId: 'alice' });
    expect(health.isHealthy('chat')).toEqual({
      chat: { status: 'up', state: 'listening', usersOnline: 1, messagesInFlight: 0 },
    });
    await application.close();
    expect(health.isHealthy().imcore).toMatchObject({ status: 'down', state: 'closed' });
  });
});

describe('ImClientFactory', () => {
  it('creates no client of the own server before it listens', async () => {
    @Module({ imports: [ImModule.forRoot(quietOptions())] })
    class AppModule {}
    const application = await start(AppModule);
    expect(() => application.get(ImClientFactory).create()).toThrow(
      expect.objectContaining({ code: 'ERR_SERVER_NOT_RUNNING' }),
    );
  });

  it('creates a client of another server', async () => {
    @Module({ imports: [ImModule.forRoot(quietOptions())] })
    class AppModule {}
    const [one, other] = [await start(AppModule), await start(AppModule)];
    await one.init();
    await other.init();
    const client = one.get(ImClientFactory).create({ url: tcpUrlOf(other) });
    await client.login({ userId: 'alice' });
    expect([one.get(ImServer).onlineCount, other.get(ImServer).onlineCount]).toEqual([0, 1]);
  });
});
