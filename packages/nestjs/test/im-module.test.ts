import { createClient } from '@imcore/client/node';
import { ImServer, memoryStore, type Route, tcp } from '@imcore/server';
import { Global, Inject, Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
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
  it.each(['Fastify', 'Express'] as const)('serves users in an application on %s', async (adapter) => {
    @Module({ imports: [ImModule.forRoot(quietOptions())] })
    class AppModule {}
    const application = await start(AppModule, adapter);
    await httpPortOf(application);
    const client = createClient({ url: tcpUrlOf(application) });
    await client.login({ userId: 'alice' });
    expect(application.get(ImServer).isOnline('alice')).toBe(true);
    await client.close();
  });

  it('listens after all modules are ready, and before modules that import it start', async () => {
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

  it('injects the server into providers of the application', async () => {
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
    expect(await application.get(Greeter).server.send('nobody', 'for later')).toBe('stored');
  });

  it('uses the hooks of its options', async () => {
    const hooks = { authenticate: () => ({ accept: false, code: 1030 }) as const };
    @Module({ imports: [ImModule.forRoot(quietOptions({ hooks }))] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    const client = application.get(ImClientFactory).create();
    await expect(client.login({ userId: 'alice' })).rejects.toMatchObject({ serverCode: 1030 });
  });

  it('starts the routes of its options, passes them messages, and closes them at shutdown', async () => {
    const calls: string[] = [];
    const elsewhere: Route = {
      name: 'elsewhere',
      take(delivery, _receiver, now) {
        calls.push(`take ${delivery.message.content} to ${delivery.to}`);
        delivery.moveTo('acknowledged');
        delivery.origin.accepted(delivery, 'bridged', now);
        return 'taken';
      },
      start: async () => void calls.push('start'),
      close: async () => void calls.push('close'),
    };
    @Module({ imports: [ImModule.forRoot(quietOptions({ routes: [elsewhere] }))] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    expect(await application.get(ImServer).send('webbob', 'hello')).toBe('bridged');
    await application.close();
    expect(calls).toEqual(['start', 'take hello to webbob', 'close']);
  });

  it('does not start with an unknown option', async () => {
    @Module({ imports: [ImModule.forRoot({ ...quietOptions(), stor: memoryStore() } as ImModuleOptions)] })
    class AppModule {}
    await expect(start(AppModule)).rejects.toThrow(/option stor does not exist/);
  });

  it.each<[string, unknown, string]>([
    ['no options', undefined, 'the options of ImModule must be an object, got undefined'],
    [
      'no transports',
      {},
      'option transports of ImModule must be an array of transports or a function that returns one, got undefined',
    ],
    [
      'a single transport',
      { transports: tcp() },
      'option transports of ImModule must be an array of transports or a function that returns one, got an object',
    ],
    [
      'drainMs as a string',
      { ...quietOptions(), drainMs: '5' },
      'option drainMs of ImModule must be a number of milliseconds, 0 or more, got the string "5"',
    ],
  ])('rejects %s with the expected type and the given value', (_name, options, message) => {
    expect(() => ImModule.forRoot(options as ImModuleOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message }),
    );
  });

  it('does not start when the function transports returns no array', async () => {
    const transports = (() => tcp()) as unknown as ImModuleOptions['transports'];
    @Module({ imports: [ImModule.forRoot(quietOptions({ transports }))] })
    class AppModule {}
    await expect(start(AppModule)).rejects.toThrow(
      'the result of the function transports of ImModule must be an array, got an object',
    );
  });

  it('does not start when a port is in use', async () => {
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

  it("works with Nest's testing module", async () => {
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
    const configured = ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ rejectCode: 1042 })] });
    @Module({
      imports: [
        ImModule.forRootAsync({
          imports: [configured],
          inject: [ConfigService],
          useFactory: async (config: ConfigService) => {
            const code = config.getOrThrow<number>('rejectCode');
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

  it.each(['useClass', 'useExisting'] as const)('takes options from a class with %s', async (way) => {
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

  it('rejects a factory that returns no options', async () => {
    const useFactory = (() => undefined) as unknown as () => ImModuleOptions;
    @Module({ imports: [ImModule.forRootAsync({ useFactory })] })
    class AppModule {}
    await expect(start(AppModule)).rejects.toThrow(
      'the options of ImModule must be an object, got undefined',
    );
  });

  it('requires one source of options', () => {
    expect(() => ImModule.forRootAsync({})).toThrow(/must get one of useFactory, useClass, useExisting/);
  });
});
