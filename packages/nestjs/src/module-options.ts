import type { Server as HttpServer } from 'node:http';
import type { ServerOptions, ServerTransport } from '@imcore/server';
import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';

/** What transports may need of the application. */
export interface HttpServerSource {
  /**
   * The application's HTTP server, which exists once the application starts: hand this function on, as
   * `websocket({ server: httpServer })`, to serve WebSocket and HTTP on one port.
   *
   * @throws ImModuleError `ERR_NO_HTTP_SERVER` where the application has none.
   */
  readonly httpServer: () => HttpServer;
}

/** The server's options, as `createServer` takes them, and what the module adds. */
export interface ImModuleOptions extends Omit<ServerOptions, 'transports'> {
  /** Where peers come from, or a function that makes them. */
  readonly transports:
    | readonly ServerTransport[]
    | ((application: HttpServerSource) => readonly ServerTransport[]);
  /** How long, at the end, messages that are with their receivers may still be acknowledged, in ms. Default 1000. */
  readonly drainMs?: number | undefined;
}

/** Makes the options, where `useClass` or `useExisting` names it. */
export interface ImOptionsFactory {
  createImOptions(): ImModuleOptions | Promise<ImModuleOptions>;
}

/** Options that come from other providers. Exactly one of `useFactory`, `useClass`, `useExisting`. */
export interface ImModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
  // biome-ignore lint/suspicious/noExplicitAny: what is injected has the types that `inject` names
  readonly useFactory?: (...injected: any[]) => ImModuleOptions | Promise<ImModuleOptions>;
  readonly useClass?: Type<ImOptionsFactory>;
  readonly useExisting?: InjectionToken<ImOptionsFactory>;
  /** Whether every module sees the module's providers without importing it. Default true. */
  readonly isGlobal?: boolean;
}

export const IM_MODULE_OPTIONS = Symbol('ImModuleOptions');
