import { UserRegistry } from '../../../packages/server/src/users/user-registry.js';

/** The registries of the servers that were created since {@link takeRegistries} was last called. */
const registries = new Set<UserRegistry>();

const { enter } = UserRegistry.prototype;

UserRegistry.prototype.enter = function (userId) {
  registries.add(this);
  return enter.call(this, userId);
};

/** Returns and forgets the registries of users of the servers so far. */
export function takeRegistries(): readonly UserRegistry[] {
  const taken = [...registries];
  registries.clear();
  return taken;
}

/** What a server keeps of users without sessions, besides the fingerprints of their messages. */
export function leftOf(registry: UserRegistry, users: readonly string[]): string[] {
  return users.flatMap((userId) => {
    const user = registry.find(userId);
    if (user === undefined) return [];
    const left = {
      'a session': user.isOnline,
      'a feed': user.feedSessions > 0,
      'named devices': user.named !== undefined,
      'a queue': user.queue !== undefined,
      'messages in flight': (user.findDevice('')?.inbox?.size ?? 0) > 0,
      'bytes under way': user.bytesUnderWay !== 0,
    };
    return Object.entries(left).flatMap(([what, isLeft]) => (isLeft ? [`${userId} still has ${what}`] : []));
  });
}
