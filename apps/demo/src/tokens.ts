/** Injection tokens of what is no class. */
export const SETTINGS = Symbol('DemoSettings');
export const USER_CHECK = Symbol('UserCheck');
