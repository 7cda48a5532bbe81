import { ImServer } from '@imcore/server';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ImClientFactory } from './im-client-factory.js';
import { ImHealthIndicator } from './im-health-indicator.js';
import { ImLifecycle } from './im-lifecycle.js';
import { ImStatus } from './im-status.js';
import {
  IM_MODULE_OPTIONS,
  type ImModuleAsyncOptions,
  type ImModuleOptions,
  type ImOptionsFactory,
} from './module-options.js';
import { IM_PROVIDERS } from './providers.js';

/**
 * An imcore server inside a Nest application. Provides `ImServer`, `ImClientFactory`, `ImHealthIndicator` and
 * `ImStatus`, to every module unless `isGlobal` is false.
 *
 * The server listens when the application starts and drains when it ends; for the latter on SIGTERM, call
 * `app.enableShutdownHooks()`.
 */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: Nest's modules are classes
export class ImModule {
  /** Takes the options as they are. */
  static forRoot(options: ImModuleOptions & { readonly isGlobal?: boolean }): DynamicModule {
    const { isGlobal, ...rest } = options;
    return dynamicModule([{ provide: IM_MODULE_OPTIONS, useValue: rest }], isGlobal, []);
  }

  /** Takes the options from other providers, such as `ConfigService`. */
  static forRootAsync(options: ImModuleAsyncOptions): DynamicModule {
    return dynamicModule(optionProviders(options), options.isGlobal, options.imports ?? []);
  }
}

function dynamicModule(
  options: Provider[],
  isGlobal: boolean | undefined,
  imports: NonNullable<ImModuleAsyncOptions['imports']>,
): DynamicModule {
  return {
    module: ImModule,
    global: isGlobal ?? true,
    imports: [DiscoveryModule, ...imports],
    providers: [...options, ...IM_PROVIDERS, ImLifecycle],
    exports: [ImServer, ImClientFactory, ImHealthIndicator, ImStatus],
  };
}

function optionProviders(options: ImModuleAsyncOptions): Provider[] {
  const { useFactory, useClass, useExisting, inject = [] } = options;
  if (useFactory !== undefined) return [{ provide: IM_MODULE_OPTIONS, useFactory, inject }];
  const source = useExisting ?? useClass;
  if (source === undefined) {
    throw new TypeError('ImModule.forRootAsync needs one of useFactory, useClass, useExisting');
  }
  const made: Provider = {
    provide: IM_MODULE_OPTIONS,
    inject: [source],
    useFactory: (factory: ImOptionsFactory) => factory.createImOptions(),
  };
  return useExisting === undefined && useClass !== undefined ? [useClass, made] : [made];
}
