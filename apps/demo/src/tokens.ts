/** Injection tokens of providers that are not classes. */
export const SETTINGS = Symbol('DemoSettings');
export const USER_CHECK = Symbol('UserCheck');
