import 'reflect-metadata';
import type { Hooks, ServerEvents } from '@imcore/server';

export type HookName = keyof Hooks;

/** One decorated method. */
export type ListenerMethod =
  | { readonly kind: 'hook'; readonly hook: HookName; readonly property: string | symbol }
  | { readonly kind: 'event'; readonly event: keyof ServerEvents; readonly property: string | symbol };

export const LISTENER_MARK = Symbol('imcore.listener');
export const LISTENER_METHODS = Symbol('imcore.listener-methods');

export function isListener(type: object): boolean {
  return Reflect.getMetadata(LISTENER_MARK, type) === true;
}

/** The decorated methods of a class and its parents, each once. */
export function methodsOf(type: object): readonly ListenerMethod[] {
  const methods = (Reflect.getMetadata(LISTENER_METHODS, type) ?? []) as readonly ListenerMethod[];
  const seen = new Map(methods.map((method) => [`${keyOf(method)} ${String(method.property)}`, method]));
  return [...seen.values()];
}

function keyOf(method: ListenerMethod): string {
  return method.kind === 'hook' ? `hook ${method.hook}` : `event ${method.event}`;
}
