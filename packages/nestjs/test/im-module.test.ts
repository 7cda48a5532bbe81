import { createClient } from '@imcore/client/node';
import { ImServer, memoryStore, tcp } from '@imcore/server';
import { Global, Inject, Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { LoopbackBridge } from '../../server/test/support/loopback-bridge.js';
import {
  ImClientFactory,
  ImModule,
  type ImModuleOptions,
  type ImOptionsFactory,
  ImStatus,
} from '../src/index.js';
import { applications, httpPortOf, quietOptions, tcpUrlOf } from './applications.js';

const start = applications();

describe('ImModule.forRoot', () => {
  it.each(['Fastify', 'Express'] as const)('serves users beside REST on %s', async (adapter) => {
    @Module({ imports: [ImModule.forRoot(quietOptions())] })
    class AppModule {}
    const application = await start(AppModule, adapter);
    await httpPortOf(application);
    const client = createClient({ url: tcpUrlOf(application) });
    await client.login({ userId: 'alice' });
    expect(application.get(ImServer).isOnline('alice')).toBe(true);
    await client.close();
  });

  it('opens its transports after every module is ready, and before modules that import it start', async () => {
    const order: string[] = [];
    @Injectable()
    class Users implements OnApplicationBootstrap {
      readonly #status: ImStatus;
      constructor(@Inject(ImStatus) status: ImStatus) {
        this.#status = status;
      }
      onModuleInit() {
        order.push(`ready while ${this.#status.state}`);
      }
      onApplicationBootstrap() {
        order.push(`started while ${this.#status.state}`);
      }
    }
    @Module({ imports: [ImModule.forRoot(quietOptions())], providers: [Users] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    expect(order).toEqual(['ready while starting', 'started while listening']);
  });

  it('lets a provider of the application send through the injected server', async () => {
    @Injectable()
    class Greeter {
      readonly server: ImServer;
      constructor(@Inject(ImServer) server: ImServer) {
        this.server = server;
      }
    }
    @Module({ imports: [ImModule.forRoot(quietOptions({ store: memoryStore() }))], providers: [Greeter] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    expect(await application.get(Greeter).server.send('nobody', 'wait for me')).toBe('stored');
  });

  it('answers hooks that its options hold', async () => {
    const hooks = { authenticate: () => ({ accept: false, code: 1030 }) as const };
    @Module({ imports: [ImModule.forRoot(quietOptions({ hooks }))] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    const client = application.get(ImClientFactory).create();
    await expect(client.login({ userId: 'alice' })).rejects.toMatchObject({ serverCode: 1030 });
  });

  it('joins the bridge that its options hold, hands messages over, and closes it at the end', async () => {
    const bridge = new LoopbackBridge();
    @Module({ imports: [ImModule.forRoot(quietOptions({ bridge }))] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    expect(await application.get(ImServer).send('webbob', 'hello')).toBe('bridged');
    expect(bridge.published).toMatchObject([{ to: 'webbob', dataContent: 'hello' }]);
    await application.close();
    expect(bridge.calls).toEqual(['start', 'close']);
  });

  it('stops the start with an option that does not exist', async () => {
    @Module({ imports: [ImModule.forRoot({ ...quietOptions(), stor: memoryStore() } as ImModuleOptions)] })
    class AppModule {}
    await expect(start(AppModule)).rejects.toThrow(/option stor does not exist/);
  });

  it('stops the start when a port is taken', async () => {
    @Module({ imports: [ImModule.forRoot(quietOptions())] })
    class First {}
    const first = await start(First);
    await first.init();
    const port = first.get(ImStatus).addresses[0]?.port ?? 0;
    @Module({ imports: [ImModule.forRoot(quietOptions({ transports: [tcp({ host: '127.0.0.1', port })] }))] })
    class Second {}
    const second = await start(Second);
    await expect(second.init()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(second.get(ImStatus).state).toBe('closed');
  });

  it('works under the testing module of Nest', async () => {
    const compiled = await Test.createTestingModule({
      imports: [ImModule.forRoot(quietOptions())],
    }).compile();
    await compiled.init();
    expect(compiled.get(ImStatus).addresses).toHaveLength(1);
    await compiled.close();
    expect(compiled.get(ImStatus).state).toBe('closed');
  });
});

describe('ImModule.forRootAsync', () => {
  it('takes options from ConfigService', async () => {
    const configured = ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ refusal: 1042 })] });
    @Module({
      imports: [
        ImModule.forRootAsync({
          imports: [configured],
          inject: [ConfigService],
          useFactory: async (config: ConfigService) => {
            const code = config.getOrThrow<number>('refusal');
            return quietOptions({ hooks: { authenticate: () => ({ accept: false, code }) } });
          },
        }),
      ],
    })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    const client = application.get(ImClientFactory).create();
    await expect(client.login({ userId: 'alice' })).rejects.toMatchObject({ serverCode: 1042 });
  });

  it.each(['useClass', 'useExisting'] as const)('takes options from a class by %s', async (way) => {
    @Injectable()
    class Options implements ImOptionsFactory {
      createImOptions(): ImModuleOptions {
        return quietOptions();
      }
    }
    @Global()
    @Module({ providers: [Options], exports: [Options] })
    class OptionsModule {}
    @Module({ imports: [OptionsModule, ImModule.forRootAsync({ [way]: Options })] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    expect(application.get(ImStatus).state).toBe('listening');
  });

  it('refuses to be told no way to its options', () => {
    expect(() => ImModule.forRootAsync({})).toThrow(/needs one of useFactory, useClass, useExisting/);
  });
});
