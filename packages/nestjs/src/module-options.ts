import type { Server as HttpServer } from 'node:http';
import type { ServerOptions, ServerTransport } from '@imcore/server';
import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';

/** Gives transports access to the application. */
export interface HttpServerSource {
  /**
   * Returns the application's HTTP server, which exists once the application starts. Pass this function on, as
   * `websocket({ server: httpServer })`, to serve WebSocket and HTTP on one port.
   *
   * @throws ImModuleError `ERR_NO_HTTP_SERVER` when the application has none.
   */
  readonly httpServer: () => HttpServer;
}

/** The options of `createServer`, and those of the module. */
export interface ImModuleOptions extends Omit<ServerOptions, 'transports'> {
  /** The transports, or a function that returns them. */
  readonly transports:
    | readonly ServerTransport[]
    | ((application: HttpServerSource) => readonly ServerTransport[]);
  /** How long a shutdown waits for acknowledgements of messages in flight, in milliseconds. Default 1000. */
  readonly drainMs?: number | undefined;
}

/** Creates the options, for `useClass` and `useExisting`. */
export interface ImOptionsFactory {
  createImOptions(): ImModuleOptions | Promise<ImModuleOptions>;
}

/** Options from other providers. Requires exactly one of `useFactory`, `useClass`, `useExisting`. */
export interface ImModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
  // biome-ignore lint/suspicious/noExplicitAny: the types depend on `inject`
  readonly useFactory?: (...injected: any[]) => ImModuleOptions | Promise<ImModuleOptions>;
  readonly useClass?: Type<ImOptionsFactory>;
  readonly useExisting?: InjectionToken<ImOptionsFactory>;
  /** Whether all modules can inject the module's providers without importing it. Default true. */
  readonly isGlobal?: boolean;
}

export const IM_MODULE_OPTIONS = Symbol('ImModuleOptions');
