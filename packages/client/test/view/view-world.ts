import type { MessageStore } from '@imcore/server/ports';
import {
  type ConversationHandle,
  type ConversationView,
  conversationView,
  type ViewItem,
  type ViewOptions,
} from '../../src/view/index.js';
import type { TestDevice, World } from '../log/world.js';

/** A device with a view. */
export interface ViewDevice extends TestDevice {
  readonly view: ConversationView;
}

/** A device with a view, logged in. */
export async function withView(
  world: World,
  userId: string,
  options: ViewOptions & { readonly device?: Parameters<World['device']>[0] } = {},
): Promise<ViewDevice> {
  const { device: settings, ...viewOptions } = options;
  const device = world.device({ kind: 'websocket', hasListener: false, ...settings });
  const view = conversationView(device.client, { clock: world.clock, ...viewOptions });
  await world.login(device, userId);
  return { ...device, view };
}

/** Opens a conversation and waits for its newest messages. */
export async function opened(
  world: World,
  { view }: ViewDevice,
  conversation: string,
): Promise<ConversationHandle & { close(): void }> {
  const handle = view.conversation(conversation);
  const close = handle.subscribe(() => {});
  await world.run(500);
  return { ...handle, close };
}

/** Items as short texts: `hello`, own ones with their state, gaps in brackets. */
export function shown(items: readonly ViewItem[]): string[] {
  return items.map((item) => {
    if (item.kind === 'gap') return `[${item.reason} ${item.state}]`;
    return item.delivery === undefined ? item.content : `${item.content} (${item.delivery})`;
  });
}

/** Sends messages one after the other, without a view. */
export async function say(
  world: World,
  { client }: TestDevice,
  to: string,
  ...contents: string[]
): Promise<void> {
  const sent = contents.map((content) => client.send({ to, content }));
  await world.run(1000);
  await Promise.all(sent);
}

/** The texts m1 to m`count`. */
export function texts(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, index) => `m${from + index}`);
}

/** A store whose methods may be replaced. */
export function changed(store: MessageStore, change: Partial<MessageStore>): MessageStore {
  return new Proxy(store, {
    get: (target, name) => {
      const own = (change as Record<string | symbol, unknown>)[name];
      if (own !== undefined) return own;
      const value = (target as unknown as Record<string | symbol, unknown>)[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
