export {
  Authenticate,
  AuthorizeMessage,
  type EventDecorator,
  type HookDecorator,
  ImListener,
  OnImEvent,
  OnServerMessage,
  OnStored,
  OnUndeliverable,
} from './decorators.js';
export { ImModuleError, type ImModuleErrorCode } from './errors.js';
export { ImModule } from './im.module.js';
export { ImClientFactory } from './im-client-factory.js';
export { type ImHealth, ImHealthIndicator } from './im-health-indicator.js';
export { ImStatus } from './im-status.js';
export type {
  HttpServerSource,
  ImModuleAsyncOptions,
  ImModuleOptions,
  ImOptionsFactory,
} from './module-options.js';
export { nestLogger } from './nest-logger.js';
