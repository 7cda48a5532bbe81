import type { DiscoveryService } from '@nestjs/core';
import { ImModuleError } from './errors.js';
import { isListener, type ListenerMethod, methodsOf } from './listener-metadata.js';

type Provider = ReturnType<DiscoveryService['getProviders']>[number];

/** An instance whose methods answer hooks or hear events. */
export interface Listener {
  readonly className: string;
  readonly instance: Record<string | symbol, unknown>;
  readonly methods: readonly ListenerMethod[];
}

/**
 * All listeners of the application: providers and controllers marked with `@ImListener()`, each instance once.
 *
 * @throws ImModuleError `ERR_LISTENER_UNUSABLE` for a class with decorated methods that is not marked, and for one that
 *   is made anew for each request or each place that injects it.
 */
export function findListeners(discovery: DiscoveryService): Listener[] {
  const found = new Map<unknown, Listener>();
  for (const provider of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const type = classOf(provider);
    if (type === undefined) continue;
    const methods = methodsOf(type);
    if (methods.length === 0) continue;
    requireUsable(provider, type);
    const instance = provider.instance as Listener['instance'];
    found.set(instance, { className: type.name, instance, methods });
  }
  return [...found.values()];
}

/** The class of what is provided: by itself, or made by a factory. */
function classOf({ instance, metatype, inject }: Provider): { readonly name: string } | undefined {
  const made: unknown = instance;
  if (typeof made === 'object' && made !== null && typeof made.constructor === 'function') {
    return made.constructor;
  }
  // A factory's `metatype` is the factory, with the tokens it injects beside it.
  return inject === undefined && typeof metatype === 'function' ? metatype : undefined;
}

function requireUsable(provider: Provider, type: { readonly name: string }): void {
  if (!isListener(type)) {
    throw new ImModuleError(
      'ERR_LISTENER_UNUSABLE',
      `${type.name} has methods that answer hooks or hear events: it needs @ImListener()`,
    );
  }
  if (provider.isTransient || !provider.isDependencyTreeStatic()) {
    throw new ImModuleError(
      'ERR_LISTENER_UNUSABLE',
      `${type.name} is not a singleton, or injects what is made for each request: nobody could answer for all of them`,
    );
  }
}
