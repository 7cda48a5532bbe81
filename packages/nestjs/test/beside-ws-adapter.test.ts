import { createClient } from '@imcore/client/node';
import { ImServer, websocket } from '@imcore/server';
import { Module } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ImModule } from '../src/index.js';
import { applications, httpPortOf, quietOptions } from './applications.js';

const start = applications();

@WebSocketGateway({ path: '/greeter' })
class Greeter {
  @SubscribeMessage('greet')
  greet(@MessageBody() name: string): { event: string; data: string } {
    return { event: 'greeting', data: `hello ${name}` };
  }
}

@Module({
  imports: [
    ImModule.forRoot(
      quietOptions({ transports: ({ httpServer }) => [websocket({ server: httpServer, path: '/im' })] }),
    ),
  ],
  providers: [Greeter],
})
class AppModule {}

/** The outcome of a WebSocket: what it received first, or how it failed. */
function outcomeOf(url: string, message: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.on('open', () => socket.send(message));
    socket.on('message', (data) => resolve(String(data)));
    socket.on('error', ({ message: reason }) => resolve(reason));
    socket.on('close', () => resolve('closed'));
  });
}

describe.each(['Fastify', 'Express'] as const)(
  'on the HTTP port of %s, beside a WebSocketGateway with WsAdapter',
  (kind) => {
    it('every login succeeds, and so does its greeting', async () => {
      const application = await start(AppModule, kind);
      application.useWebSocketAdapter(new WsAdapter(application));
      const port = await httpPortOf(application);
      const clients = Array.from({ length: 20 }, () =>
        createClient({ url: `ws://127.0.0.1:${port}/im`, autoReconnect: false }),
      );
      const logins = await Promise.allSettled(
        clients.map((client, index) => client.login({ userId: `user-${index}` })),
      );
      expect(logins.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
      expect(application.get(ImServer).onlineCount).toBe(20);
      const greeting = await outcomeOf(
        `ws://127.0.0.1:${port}/greeter`,
        JSON.stringify({ event: 'greet', data: 'bob' }),
      );
      expect(JSON.parse(greeting)).toEqual({ event: 'greeting', data: 'hello bob' });
      expect(await outcomeOf(`ws://127.0.0.1:${port}/nobody`, '')).toBe('socket hang up');
      await Promise.all(clients.map((client) => client.close()));
    });
  },
);
