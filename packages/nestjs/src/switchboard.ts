import type { Hooks, ImServer, Logger, ServerEvents } from '@imcore/server';
import { ImModuleError } from './errors.js';
import type { Listener } from './find-listeners.js';
import type { HookName, ListenerMethod } from './listener-metadata.js';

/** The name that the module's own options appear under. */
const OPTIONS = 'the option hooks of ImModule';

/**
 * Connects listeners with the server: each hook to one method, each event to any number.
 *
 * The server is given {@link hooks} before listeners exist, as they may inject the server, and asks it anew for each
 * question; it is filled before the server listens.
 */
export class Switchboard {
  readonly hooks: Hooks = {};
  readonly #owners = new Map<HookName, string>();
  readonly #logger: Logger;

  /** @param given what the application answers without a listener, in the module's options. */
  constructor(given: Hooks, logger: Logger) {
    this.#logger = logger;
    Object.assign(this.hooks, given);
    for (const [name, hook] of Object.entries(given) as [HookName, unknown][]) {
      if (hook !== undefined) this.#owners.set(name, OPTIONS);
    }
  }

  /** @throws ImModuleError `ERR_HOOK_TAKEN` when a hook has its answer already; the message names both. */
  connect(server: ImServer, { className, instance, methods }: Listener): void {
    for (const method of methods) {
      const run = (...args: unknown[]): unknown => callMethod(instance, method, args);
      if (method.kind === 'event') this.#hear(server, method.event, run, `${className}.${nameOf(method)}`);
      else this.#answer(method.hook, run, `${className}.${nameOf(method)}`);
    }
  }

  #answer(hook: HookName, run: (...args: unknown[]) => unknown, owner: string): void {
    const other = this.#owners.get(hook);
    if (other !== undefined) {
      throw new ImModuleError(
        'ERR_HOOK_TAKEN',
        `the hook ${hook} has two answers, ${other} and ${owner}: only one can count`,
      );
    }
    this.#owners.set(hook, owner);
    Object.assign(this.hooks, { [hook]: run });
  }

  #hear(server: ImServer, event: keyof ServerEvents, run: (event: unknown) => unknown, owner: string): void {
    const report = (error: unknown): void =>
      this.#logger.error({ err: error, event }, `${owner} failed at an event`);
    server.on(event, (happened) => {
      try {
        const result = run(happened);
        if (result instanceof Promise) result.catch(report);
      } catch (error) {
        report(error);
      }
    });
  }
}

function callMethod(instance: Listener['instance'], method: ListenerMethod, args: unknown[]): unknown {
  const run = instance[method.property];
  if (typeof run !== 'function') throw new TypeError(`${nameOf(method)} is no method any more`);
  return run.apply(instance, args);
}

function nameOf({ property }: ListenerMethod): string {
  return String(property);
}
