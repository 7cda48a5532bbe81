import type { LoginAttempt, LoginVerdict, Message, Sender, ServerEvents, SessionInfo } from '@imcore/server';
import { ImServer, memoryStore } from '@imcore/server';
import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
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
  it('handles all hooks and events, with injected providers', async () => {
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
      sayHello({ userId }: ServerEvents['online']): void {
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

  it('acknowledge a message to the server when their promise resolves, and get its next copy if it rejects', async () => {
    const calls: { resolve(): void; reject(error: Error): void }[] = [];
    @ImListener()
    class Slow {
      @OnServerMessage()
      take(): Promise<void> {
        return new Promise((resolve, reject) => calls.push({ resolve, reject }));
      }
    }
    @Module({ imports: [ImModule.forRoot(quietOptions())], providers: [Slow] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    const alice = application.get(ImClientFactory).create({ retry: { waitMs: 50, retries: 1000 } });
    await alice.login({ userId: 'alice' });
    let isAcknowledged = false;
    const sent = alice.send({ to: '0', content: 'work' }).then(() => {
      isAcknowledged = true;
    });

    await vi.waitFor(() => expect(calls).toHaveLength(1));
    calls[0]?.reject(new Error('the database is away'));
    await vi.waitFor(() => expect(calls).toHaveLength(2));
    expect(isAcknowledged).toBe(false);
    calls[1]?.resolve();
    await sent;

    expect(calls).toHaveLength(2);
  });

  it('gets stored messages, although the server is created first', async () => {
    let resolveStored: (contents: string[]) => void;
    const stored = new Promise<string[]>((resolve) => {
      resolveStored = resolve;
    });
    @ImListener()
    class Notifications {
      @OnStored()
      notify(messages: readonly Message[]): void {
        resolveStored(messages.map(({ to, content }) => `${to}: ${content}`));
      }
    }
    const options = quietOptions({ store: memoryStore() });
    @Module({ imports: [ImModule.forRoot(options)], providers: [Notifications] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    await application.get(ImServer).send('bob', 'are you there?');
    expect(await stored).toEqual(['bob: are you there?']);
  });

  it('can handle an event together with other classes and controllers, even if one throws', async () => {
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
      note({ userId }: ServerEvents['online']): void {
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
    expect(logged).toEqual(['event handler Throwing.fail failed', 'event handler Throwing.failLater failed']);
  });

  it('inherits handlers and can override them', async () => {
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

  it('handles an event once if the same instance is provided twice', async () => {
    const heard: string[] = [];
    @ImListener()
    class Callbacks {
      @OnImEvent('online')
      note({ userId }: ServerEvents['online']): void {
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

describe('a method that returns the wrong type', () => {
  it('rejects the login, and the error says what the hook must return', async () => {
    @ImListener()
    class Callbacks {
      @Authenticate()
      check(): LoginVerdict {
        return true as unknown as LoginVerdict;
      }
    }
    @Module({ imports: [ImModule.forRoot(quietOptions())], providers: [Callbacks] })
    class AppModule {}
    const application = await start(AppModule);
    await application.init();
    const errors: unknown[] = [];
    application.get(ImServer).on('error', (error) => errors.push(error));
    const client = application.get(ImClientFactory).create();
    const rejected = new Promise((resolve) => client.on('rejected', ({ code }) => resolve(code)));
    client.login({ userId: 'alice' }).catch(() => {});
    expect(await rejected).toBe(2);
    expect(errors).toMatchObject([
      { code: 'ERR_HOOK_ANSWER', message: expect.stringMatching(/authenticate.*\{ accept: true \}.*true/) },
    ]);
  });
});

describe('two handlers of one hook', () => {
  @ImListener()
  class OnePassword {
    @Authenticate()
    check(): LoginVerdict {
      return { accept: true };
    }
  }

  it('are rejected at startup with the names of both', async () => {
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
        'the hook authenticate has two handlers, OnePassword.check and AnotherPassword.verify: each hook can have only one',
    });
  });

  it('are rejected at startup when one of them is an option of the module', async () => {
    const hooks = { authenticate: () => ({ accept: true }) as const };
    @Module({ imports: [ImModule.forRoot(quietOptions({ hooks }))], providers: [OnePassword] })
    class AppModule {}
    const application = await start(AppModule);
    await expect(application.init()).rejects.toThrow(/the option hooks of ImModule and OnePassword\.check/);
  });
});

describe('a class with handlers', () => {
  it.each([
    ['is not marked', Injectable(), /Callbacks has methods .* not decorated with @ImListener\(\)/],
    ['is request-scoped', Injectable({ scope: Scope.REQUEST }), /Callbacks must be a singleton/],
    ['is transient', Injectable({ scope: Scope.TRANSIENT }), /Callbacks must be a singleton/],
  ])('is rejected at startup if it %s', async (name, decorate, message) => {
    class Callbacks {
      @OnImEvent('online')
      note(): void {}
    }
    if (name !== 'is not marked') ImListener()(Callbacks);
    decorate(Callbacks);
    @Module({ imports: [ImModule.forRoot(quietOptions())], providers: [Callbacks] })
    class AppModule {}
    const application = await start(AppModule);
    await expect(application.init()).rejects.toMatchObject({
      code: 'ERR_LISTENER_UNUSABLE',
      message: expect.stringMatching(message),
    });
  });

  it('is rejected if a handler is static', () => {
    const decorate = OnImEvent('online') as unknown as (target: object, property: string) => void;
    expect(() => decorate(class Callbacks {}, 'note')).toThrow(/Callbacks\.note is static/);
  });
});
