import type { Hooks, ImServer, Logger, ServerEvents } from '@imcore/server';
import { ImModuleError } from './errors.js';
import type { Listener } from './find-listeners.js';
import type { HookName, ListenerMethod } from './listener-metadata.js';

/** Name of the module's own options in messages. */
const OPTIONS = 'the option hooks of ImModule';

/**
 * Connects listeners to the server: one handler for each hook, any number for each event.
 *
 * Listeners can inject the server, so the server is created first, with {@link hooks}. It looks a hook up at each call;
 * the hooks are added before it listens.
 */
export class ListenerRegistry {
  readonly hooks: Hooks = {};
  readonly #owners = new Map<HookName, string>();
  readonly #logger: Logger;

  /** @param given hooks of the module's options */
  constructor(given: Hooks, logger: Logger) {
    this.#logger = logger;
    Object.assign(this.hooks, given);
    for (const [name, hook] of Object.entries(given) as [HookName, unknown][]) {
      if (hook !== undefined) this.#owners.set(name, OPTIONS);
    }
  }

  /** @throws ImModuleError `ERR_HOOK_TAKEN` when a hook already has a handler. The message names both. */
  connect(server: ImServer, { className, instance, methods }: Listener): void {
    for (const method of methods) {
      const name = `${className}.${nameOf(method)}`;
      const run = (...args: unknown[]): unknown => callMethod(instance, method, args);
      if (method.kind === 'event') this.#addEventHandler(server, method.event, run, name);
      else this.#setHook(method.hook, run, name);
    }
  }

  #setHook(hook: HookName, run: (...args: unknown[]) => unknown, owner: string): void {
    const other = this.#owners.get(hook);
    if (other !== undefined) {
      throw new ImModuleError(
        'ERR_HOOK_TAKEN',
        `the hook ${hook} has two handlers, ${other} and ${owner}: each hook can have only one`,
      );
    }
    this.#owners.set(hook, owner);
    Object.assign(this.hooks, { [hook]: run });
  }

  #addEventHandler(
    server: ImServer,
    event: keyof ServerEvents,
    run: (event: unknown) => unknown,
    owner: string,
  ): void {
    const report = (error: unknown): void =>
      this.#logger.error({ err: error, event }, `event handler ${owner} failed`);
    server.on(event, (payload) => {
      try {
        const result = run(payload);
        if (result instanceof Promise) result.catch(report);
      } catch (error) {
        report(error);
      }
    });
  }
}

function callMethod(instance: Listener['instance'], method: ListenerMethod, args: unknown[]): unknown {
  const run = instance[method.property];
  if (typeof run !== 'function') throw new TypeError(`${nameOf(method)} is no longer a method`);
  return run.apply(instance, args);
}

function nameOf({ property }: ListenerMethod): string {
  return String(property);
}
