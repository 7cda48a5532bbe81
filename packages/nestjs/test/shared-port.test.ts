import { createClient } from '@imcore/client/node';
import { ImServer, silentLogger, websocket } from '@imcore/server';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { ImModule, ImStatus } from '../src/index.js';
import { applications, httpPortOf, quietOptions } from './applications.js';

const start = applications();

@Controller()
class Home {
  @Get()
  greet(): string {
    return 'home';
  }
}

describe.each(['Fastify', 'Express'] as const)('a WebSocket transport on the HTTP port of %s', (adapter) => {
  @Module({
    imports: [
      ImModule.forRoot(
        quietOptions({ transports: ({ httpServer }) => [websocket({ server: httpServer, path: '/im' })] }),
      ),
    ],
    controllers: [Home],
  })
  class AppModule {}

  it('serves users at its path and pages at other paths', async () => {
    const application = await start(AppModule, adapter);
    const port = await httpPortOf(application);
    const client = createClient({ url: `ws://127.0.0.1:${port}/im` });
    await client.login({ userId: 'alice' });
    expect(application.get(ImServer).sessions()).toMatchObject([{ userId: 'alice', transport: 'websocket' }]);
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect([page.status, await page.text()]).toEqual([200, 'home']);
    await client.close();
  });

  it('does not block the shutdown while users are connected', async () => {
    const application = await start(AppModule, adapter);
    const port = await httpPortOf(application);
    const client = createClient({ url: `ws://127.0.0.1:${port}/im`, autoReconnect: false });
    await client.login({ userId: 'alice' });
    await application.close();
    expect(application.get(ImStatus).state).toBe('closed');
    await client.close();
  });
});

describe('an application without HTTP', () => {
  it('reports that there is no HTTP server to share', async () => {
    @Module({
      imports: [
        ImModule.forRoot({
          transports: ({ httpServer }) => [websocket({ server: httpServer })],
          logger: silentLogger,
        }),
      ],
    })
    class AppModule {}
    const created = NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await expect(created).rejects.toMatchObject({ code: 'ERR_NO_HTTP_SERVER' });
  });
});
