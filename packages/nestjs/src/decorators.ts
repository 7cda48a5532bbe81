import 'reflect-metadata';
import type { Hooks, ServerEvents } from '@imcore/server';
import { Injectable } from '@nestjs/common';
import { ImModuleError } from './errors.js';
import { type HookName, LISTENER_MARK, LISTENER_METHODS, type ListenerMethod } from './listener-metadata.js';

/** Decorates a method whose type is that of the hook. */
export type HookDecorator<Name extends HookName> = <Method extends NonNullable<Hooks[Name]>>(
  target: object,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** Decorates a method that takes what the event carries. */
export type EventDecorator<Name extends keyof ServerEvents> = <
  Method extends (event: ServerEvents[Name]) => unknown,
>(
  target: object,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Marks a class whose methods answer the server's hooks and hear its events. It is an ordinary provider: list it in
 * the `providers` of any module, and inject into it what it needs, the `ImServer` included.
 */
export function ImListener(): ClassDecorator {
  return (target) => {
    Reflect.defineMetadata(LISTENER_MARK, true, target);
    Injectable()(target);
  };
}

/** The method decides whether a login is accepted. @see Hooks.authenticate */
export const Authenticate = (): HookDecorator<'authenticate'> => answer('authenticate');

/** The method decides whether a message may pass. @see Hooks.authorizeMessage */
export const AuthorizeMessage = (): HookDecorator<'authorizeMessage'> => answer('authorizeMessage');

/** The method takes messages to the server. @see Hooks.onServerMessage */
export const OnServerMessage = (): HookDecorator<'onServerMessage'> => answer('onServerMessage');

/** The method takes messages that nobody could be given and no store has. @see Hooks.onUndeliverable */
export const OnUndeliverable = (): HookDecorator<'onUndeliverable'> => answer('onUndeliverable');

/** The method learns which messages wait in the store, for push notifications. @see Hooks.onStored */
export const OnStored = (): HookDecorator<'onStored'> => answer('onStored');

/** The method hears an event of the server, as any number of others may. What it throws or rejects with is logged. */
export function OnImEvent<Name extends keyof ServerEvents>(event: Name): EventDecorator<Name> {
  return (target, property) => remember(target, { kind: 'event', event, property });
}

function answer<Name extends HookName>(hook: Name): HookDecorator<Name> {
  return (target, property) => remember(target, { kind: 'hook', hook, property });
}

/** Adds to the class's list; a subclass begins with what its parent has. */
function remember(target: object, method: ListenerMethod): void {
  if (typeof target === 'function') {
    throw new ImModuleError(
      'ERR_LISTENER_UNUSABLE',
      `${target.name}.${String(method.property)} is static: only methods of instances hear and answer`,
    );
  }
  const known = (Reflect.getMetadata(LISTENER_METHODS, target.constructor) ??
    []) as readonly ListenerMethod[];
  Reflect.defineMetadata(LISTENER_METHODS, [...known, method], target.constructor);
}
