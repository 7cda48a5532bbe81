import { ImServer } from '@imcore/server';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { checkModuleOptions } from './check-options.js';
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
 * The server listens when the application starts, and drains and closes when it shuts down. Call
 * `app.enableShutdownHooks()` so that this happens on SIGTERM.
 */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: Nest's modules are classes
export class ImModule {
  /** Configures the module with fixed options. @throws UsageError `ERR_INVALID_OPTION` */
  static forRoot(options: ImModuleOptions & { readonly isGlobal?: boolean }): DynamicModule {
    const { isGlobal, ...rest } = checkModuleOptions(options);
    return dynamicModule([{ provide: IM_MODULE_OPTIONS, useValue: rest }], isGlobal, []);
  }

  /** Configures the module with options from other providers, such as `ConfigService`. */
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
  if (useFactory !== undefined) {
    const checked = async (...injected: unknown[]) => checkModuleOptions(await useFactory(...injected));
    return [{ provide: IM_MODULE_OPTIONS, useFactory: checked, inject }];
  }
  const source = useExisting ?? useClass;
  if (source === undefined) {
    throw new TypeError('ImModule.forRootAsync must get one of useFactory, useClass, useExisting');
  }
  const provider: Provider = {
    provide: IM_MODULE_OPTIONS,
    inject: [source],
    useFactory: async (factory: ImOptionsFactory) => checkModuleOptions(await factory.createImOptions()),
  };
  return useExisting === undefined && useClass !== undefined ? [useClass, provider] : [provider];
}
