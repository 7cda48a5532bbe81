import type { LoginAttempt, LoginVerdict, Message, Sender, SessionInfo } from '@imcore/server';
import { ImServer, memoryStore } from '@imcore/server';
import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import {
  Authenticate,
  AuthorizeMessage,
  ImClientFactory,
  ImListener,
  ImModule,
  OnImEvent,
  OnServerMessage,
  OnStored,
  OnUndeliverable,
} from '../src/index.js';
import { applications, nextMessage, quietOptions } from './applications.js';

const start = applications();

describe('a class with @ImListener()', () => {
  it('answers every hook and hears events, with what it injects', async () => {
    const heard: string[] = [];

    @ImListener()
    class Callbacks {
      readonly #server: ImServer;
      constructor(@Inject(ImServer) server: ImServer) {
        this.#server = server;
      }

      @Authenticate()
      check({ token }: LoginAttempt): LoginVerdict {
        return token === 'right' ? { accept: true } : { accept: false, code: 1025 };
      }

      @AuthorizeMessage()
      mayPass(message: Message, sender: SessionInfo): boolean {
        heard.push(`${sender.userId} asks for ${message.content}`);
        return message.content !== 'forbidden';
      }

      @OnServerMessage()
      async take(message: Message, sender: Sender): Promise<void> {
        await sender.send(`echo: ${message.content} of ${this.#server.onlineCount}`);
      }

      @OnUndeliverable()
      async keep(message: Message): Promise<boolean> {
        heard.push(`kept for ${message.to}`);
        return true;
      }

      @OnImEvent('online')
      sayHello({ userId }: SessionInfo): void {
        heard.push(`${userId} is online`);
      }
    }
    @Module({ imports: [ImModule.forRoot(quietOptions())], providers: [Callbacks] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();

    const alice = application.get(ImClientFactory).create({ retry: { waitMs: 50, retries: 0 } });
    await expect(alice.login({ userId: 'alice', token: 'wrong' })).rejects.toMatchObject({
      serverCode: 1025,
    });
    await alice.login({ userId: 'alice', token: 'right' });
    const answer = nextMessage(alice);
    await alice.send({ to: '0', content: 'ping' });
    expect((await answer).content).toBe('echo: ping of 1');
    await alice.send({ to: 'bob', content: 'later' });
    await expect(alice.send({ to: 'bob', content: 'forbidden' })).rejects.toMatchObject({
      code: 'ERR_NOT_ACKNOWLEDGED',
    });
    expect(heard).toEqual([
      'alice is online',
      'alice asks for ping',
      'alice asks for later',
      'kept for bob',
      'alice asks for forbidden',
    ]);
  });

  it('learns what waits in the store, although the server was made before it', async () => {
    let tell: (contents: string[]) => void;
    const told = new Promise<string[]>((resolve) => {
      tell = resolve;
    });
    @ImListener()
    class Notifications {
      @OnStored()
      notify(messages: readonly Message[]): void {
        tell(messages.map(({ to, content }) => `${to}: ${content}`));
      }
    }
    const options = quietOptions({ store: memoryStore() });
    @Module({ imports: [ImModule.forRoot(options)], providers: [Notifications] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    await application.get(ImServer).send('bob', 'are you there?');
    expect(await told).toEqual(['bob: are you there?']);
  });

  it('shares an event with any number of others, a controller among them, whatever one of them throws', async () => {
    const heard: string[] = [];
    const logged: string[] = [];
    const logger = {
      debug() {},
      info() {},
      warn() {},
      error: (_: object, text: string) => logged.push(text),
    };

    @ImListener()
    class Throwing {
      @OnImEvent('online')
      fail(): void {
        throw new Error('at once');
      }
      @OnImEvent('online')
      async failLater(): Promise<void> {
        throw new Error('later');
      }
    }
    @ImListener()
    @Controller()
    class Page {
      @OnImEvent('online')
      note({ userId }: SessionInfo): void {
        heard.push(userId);
      }
    }
    @Module({
      imports: [ImModule.forRoot(quietOptions({ logger }))],
      providers: [Throwing],
      controllers: [Page],
    })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    await application.get(ImClientFactory).create().login({ userId: 'alice' });
    expect(heard).toEqual(['alice']);
    expect(logged).toEqual(['Throwing.fail failed at an event', 'Throwing.failLater failed at an event']);
  });

  it('inherits what its parent answers and may override it', async () => {
    class Base {
      @Authenticate()
      check(): LoginVerdict {
        return { accept: false, code: 1026 };
      }
    }
    @ImListener()
    class Derived extends Base {
      override check(): LoginVerdict {
        return { accept: false, code: 1027 };
      }
    }
    @Module({ imports: [ImModule.forRoot(quietOptions())], providers: [Derived] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    const client = application.get(ImClientFactory).create();
    await expect(client.login({ userId: 'alice' })).rejects.toMatchObject({ serverCode: 1027 });
  });

  it('is heard once though several modules provide the same instance', async () => {
    const heard: string[] = [];
    @ImListener()
    class Callbacks {
      @OnImEvent('online')
      note({ userId }: SessionInfo): void {
        heard.push(userId);
      }
    }
    const alias = { provide: 'alias', useExisting: Callbacks };
    @Module({ imports: [ImModule.forRoot(quietOptions())], providers: [Callbacks, alias] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    await application.get(ImClientFactory).create().login({ userId: 'alice' });
    expect(heard).toEqual(['alice']);
  });
});

describe('two answers to one hook', () => {
  @ImListener()
  class OnePassword {
    @Authenticate()
    check(): LoginVerdict {
      return { accept: true };
    }
  }

  it('stop the start and name both classes', async () => {
    @ImListener()
    class AnotherPassword {
      @Authenticate()
      verify(): LoginVerdict {
        return { accept: true };
      }
    }
    @Module({ imports: [ImModule.forRoot(quietOptions())], providers: [OnePassword, AnotherPassword] })
    class AppModule {}
    const application = await start(AppModule);
    await expect(application.init()).rejects.toMatchObject({
      code: 'ERR_HOOK_TAKEN',
      message:
        'the hook authenticate has two answers, OnePassword.check and AnotherPassword.verify: only one can count',
    });
  });

  it('stop the start when one of them is an option of the module', async () => {
    const hooks = { authenticate: () => ({ accept: true }) as const };
    @Module({ imports: [ImModule.forRoot(quietOptions({ hooks }))], providers: [OnePassword] })
    class AppModule {}
    const application = await start(AppModule);
    await expect(application.init()).rejects.toThrow(/the option hooks of ImModule and OnePassword\.check/);
  });
});

describe('a class that cannot listen', () => {
  it.each([
    ['lacks the mark', Injectable(), /Callbacks has methods .* needs @ImListener\(\)/],
    ['is made for each request', Injectable({ scope: Scope.REQUEST }), /is not a singleton/],
    ['is made for each place that injects it', Injectable({ scope: Scope.TRANSIENT }), /is not a singleton/],
  ])('stops the start when it %s', async (name, decorate, message) => {
    class Callbacks {
      @OnImEvent('online')
      note(): void {}
    }
    if (name !== 'lacks the mark') ImListener()(Callbacks);
    decorate(Callbacks);
    @Module({ imports: [ImModule.forRoot(quietOptions())], providers: [Callbacks] })
    class AppModule {}
    const application = await start(AppModule);
    await expect(application.init()).rejects.toMatchObject({
      code: 'ERR_LISTENER_UNUSABLE',
      message: expect.stringMatching(message),
    });
  });

  it('is refused where the method is static', () => {
    const decorate = OnImEvent('online') as unknown as (target: object, property: string) => void;
    expect(() => decorate(class Callbacks {}, 'note')).toThrow(/Callbacks\.note is static/);
  });
});
