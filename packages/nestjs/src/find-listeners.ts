import type { DiscoveryService } from '@nestjs/core';
import { ImModuleError } from './errors.js';
import { isListener, type ListenerMethod, methodsOf } from './listener-metadata.js';

type Provider = ReturnType<DiscoveryService['getProviders']>[number];

/** An instance with methods that handle hooks or events. */
export interface Listener {
  readonly className: string;
  readonly instance: Record<string | symbol, unknown>;
  readonly methods: readonly ListenerMethod[];
}

/**
 * Finds all listeners of the application: providers and controllers marked with `@ImListener()`, each instance once.
 *
 * @throws ImModuleError `ERR_LISTENER_UNUSABLE` for a class with decorated methods that is not marked or not a singleton.
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

/** The class of a provider's instance. */
function classOf({ instance, metatype, inject }: Provider): { readonly name: string } | undefined {
  const provided: unknown = instance;
  if (typeof provided === 'object' && provided !== null && typeof provided.constructor === 'function') {
    return provided.constructor;
  }
  // The `metatype` of a factory provider is the factory; only those have `inject`.
  return inject === undefined && typeof metatype === 'function' ? metatype : undefined;
}

function requireUsable(provider: Provider, type: { readonly name: string }): void {
  if (!isListener(type)) {
    throw new ImModuleError(
      'ERR_LISTENER_UNUSABLE',
      `${type.name} has methods that handle hooks or events, but is not decorated with @ImListener()`,
    );
  }
  if (provider.isTransient || !provider.isDependencyTreeStatic()) {
    throw new ImModuleError(
      'ERR_LISTENER_UNUSABLE',
      `${type.name} must be a singleton: it is request-scoped or transient, or injects a request-scoped provider`,
    );
  }
}
