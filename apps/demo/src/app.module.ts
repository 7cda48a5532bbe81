import { ImModule, type ImModuleOptions } from '@imcore/nestjs';
import { type MessageStore, memoryStore, tcp, udp, websocket } from '@imcore/server';
import { sqliteStore } from '@imcore/store-sqlite';
import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { CallbackLog } from './im/callback-log.js';
import { ChatListener } from './im/chat-listener.js';
import { EventFeed } from './im/event-feed.js';
import { InnerClients } from './im/inner-clients.js';
import { Outcomes } from './im/outcomes.js';
import { AccessGuard } from './rest/access-guard.js';
import { ClientsController } from './rest/clients.controller.js';
import { ErrorFilter } from './rest/error-filter.js';
import { MessagesController } from './rest/messages.controller.js';
import { ServerController } from './rest/server.controller.js';
import type { DemoSettings } from './settings.js';
import { SETTINGS, USER_CHECK } from './tokens.js';
import { readUserCheck } from './users/user-check.js';

/** The tutorial's program: a server, clients inside it, and REST for both. */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: Nest's modules are classes
export class AppModule {
  /** @throws SettingError when the users are invalid. */
  static with(settings: DemoSettings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [() => ({ demo: settings })] }),
        ImModule.forRootAsync({
          inject: [ConfigService],
          useFactory: (config: ConfigService) => imOptions(config.getOrThrow<DemoSettings>('demo')),
        }),
      ],
      providers: [
        { provide: SETTINGS, useValue: settings },
        { provide: USER_CHECK, useValue: readUserCheck(settings) },
        { provide: EventFeed, useFactory: () => new EventFeed(settings.maxEvents, Date.now) },
        CallbackLog,
        Outcomes,
        ChatListener,
        InnerClients,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_FILTER, useClass: ErrorFilter },
      ],
      controllers: [ClientsController, ServerController, MessagesController],
    };
  }
}

function imOptions(settings: DemoSettings): ImModuleOptions {
  const { host, udpPort, tcpPort, wsPort } = settings;
  return {
    transports: () => [
      udp({ host, port: udpPort }),
      tcp({ host, port: tcpPort }),
      websocket({ host, port: wsPort }),
    ],
    store: openStore(settings),
  };
}

function openStore({
  store,
  historyMs,
}: Pick<DemoSettings, 'store' | 'historyMs'>): MessageStore | undefined {
  if (store === 'none') return undefined;
  return store === 'memory' ? memoryStore({ historyMs }) : sqliteStore({ file: store, historyMs });
}
