import 'reflect-metadata';
import type { Hooks, ServerEvents } from '@imcore/server';
import { Injectable } from '@nestjs/common';
import { ImModuleError } from './errors.js';
import { type HookName, LISTENER_MARK, LISTENER_METHODS, type ListenerMethod } from './listener-metadata.js';

/** Decorates a method that has the hook's type. */
export type HookDecorator<Name extends HookName> = <Method extends NonNullable<Hooks[Name]>>(
  target: object,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** Decorates a method that takes the event's payload. */
export type EventDecorator<Name extends keyof ServerEvents> = <
  Method extends (event: ServerEvents[Name]) => unknown,
>(
  target: object,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Marks a class whose methods handle the server's hooks and events. It is an ordinary provider: list it in the `providers`
 * of any module. It can inject other providers, including `ImServer`.
 */
export function ImListener(): ClassDecorator {
  return (target) => {
    Reflect.defineMetadata(LISTENER_MARK, true, target);
    Injectable()(target);
  };
}

/** The method accepts or rejects logins. @see Hooks.authenticate */
export const Authenticate = (): HookDecorator<'authenticate'> => handleHook('authenticate');

/** The method allows or rejects messages. @see Hooks.authorizeMessage */
export const AuthorizeMessage = (): HookDecorator<'authorizeMessage'> => handleHook('authorizeMessage');

/** The method handles messages to the server. @see Hooks.onServerMessage */
export const OnServerMessage = (): HookDecorator<'onServerMessage'> => handleHook('onServerMessage');

/** The method handles messages that cannot be delivered and are not stored. @see Hooks.onUndeliverable */
export const OnUndeliverable = (): HookDecorator<'onUndeliverable'> => handleHook('onUndeliverable');

/** The method gets the messages that wait in the store, for push notifications. @see Hooks.onStored */
export const OnStored = (): HookDecorator<'onStored'> => handleHook('onStored');

/** The method handles an event of the server. Several methods can handle one event. Errors of the method are logged. */
export function OnImEvent<Name extends keyof ServerEvents>(event: Name): EventDecorator<Name> {
  return (target, property) => addMethod(target, { kind: 'event', event, property });
}

function handleHook<Name extends HookName>(hook: Name): HookDecorator<Name> {
  return (target, property) => addMethod(target, { kind: 'hook', hook, property });
}

/** Adds a method to the class's list, which starts with the list of its parent class. */
function addMethod(target: object, method: ListenerMethod): void {
  if (typeof target === 'function') {
    throw new ImModuleError(
      'ERR_LISTENER_UNUSABLE',
      `${target.name}.${String(method.property)} is static: only instance methods can handle hooks and events`,
    );
  }
  const known = (Reflect.getMetadata(LISTENER_METHODS, target.constructor) ??
    []) as readonly ListenerMethod[];
  Reflect.defineMetadata(LISTENER_METHODS, [...known, method], target.constructor);
}
