// @vitest-environment happy-dom
import type { ImClient } from '@imcore/client';
import { conversationView } from '@imcore/client/view';
import {
  type Conversations,
  ImcoreProvider,
  type Messages,
  useConnection,
  useConversations,
  useMessages,
} from '@imcore/react';
import { act, memo, StrictMode, startTransition, useEffect, useLayoutEffect, useState } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChatScene } from './chat-scene.js';

/** What a component has rendered, by its hook. */
interface Rendered {
  chats: Messages[];
  lists: Conversations[];
}

describe('the hooks', () => {
  let scene: ChatScene;
  let rendered: Rendered;

  beforeEach(async () => {
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
    scene = new ChatScene();
    rendered = { chats: [], lists: [] };
    await scene.startServer();
  });

  afterEach(async () => {
    await scene.end();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  const Connection = () => <p>{useConnection().state}</p>;

  const Chat = memo(({ with: conversation }: { readonly with: string }) => {
    const chat = useMessages(conversation);
    rendered.chats.push(chat);
    return (
      <ul>
        {chat.messages.map((item) => (
          <li key={item.key}>
            {item.kind === 'gap'
              ? item.state
              : `${item.from}: ${item.content}${item.isOwn ? ` ${item.delivery}` : ''}`}
          </li>
        ))}
      </ul>
    );
  });

  const List = memo(() => {
    const list = useConversations();
    rendered.lists.push(list);
    return (
      <ol>
        {list.conversations.map(({ conversation, unread, last }) => (
          <li key={conversation}>{`${conversation} (${unread}): ${last.content}`}</li>
        ))}
      </ol>
    );
  });

  const texts = (element: HTMLElement): string[] =>
    [...element.querySelectorAll('li')].map(({ textContent }) => textContent);
  const chat = (): Messages => {
    const last = rendered.chats.at(-1);
    if (last === undefined) throw new Error('no chat was rendered');
    return last;
  };

  /** Logs in a client whose provider is mounted. */
  const logIn = async (client: ImClient, userId = 'alice'): Promise<void> => {
    let login: Promise<unknown> | undefined;
    await act(async () => {
      login = client.login({ userId });
    });
    await scene.pass(300);
    await login;
  };

  it('follow the connection', async () => {
    const client = scene.client();
    const { element } = await scene.render(
      <ImcoreProvider client={client}>
        <Connection />
      </ImcoreProvider>,
    );
    expect(element.textContent).toBe('idle');
    await logIn(client);
    expect(element.textContent).toBe('online');
    await act(() => client.logout());
    expect(element.textContent).toBe('idle');
  });

  it('show received and sent messages of a conversation, and its history', async () => {
    const bob = await scene.online('bob');
    const alice = await scene.online('alice');
    await Promise.all([bob.send({ to: 'alice', content: 'one' }), scene.pass(300)]);
    const { element } = await scene.render(
      <ImcoreProvider client={alice}>
        <Chat with="bob" />
      </ImcoreProvider>,
    );
    await scene.pass(300);
    expect(texts(element)).toEqual(['bob: one']);

    await act(async () => void chat().send({ content: 'two' }));
    expect(texts(element)).toEqual(['bob: one', 'alice: two sending']);
    await scene.pass(300);
    expect(texts(element)).toEqual(['bob: one', 'alice: two stored']);
    void bob.send({ to: 'alice', content: 'three' });
    await scene.pass(300);
    expect(texts(element)).toEqual(['bob: one', 'alice: two stored', 'bob: three']);
  });

  it('read older messages', async () => {
    const bob = await scene.online('bob');
    const alice = await scene.online('alice');
    for (let n = 1; n <= 60; n++) void bob.send({ to: 'alice', content: `${n}` });
    await scene.pass(1000);
    const { element } = await scene.render(
      <ImcoreProvider client={alice}>
        <Chat with="bob" />
      </ImcoreProvider>,
    );
    await scene.pass(300);
    expect(texts(element).length).toBeLessThan(60);
    expect(texts(element).at(-1)).toBe('bob: 60');
    expect(chat().older).toBe('more');
    await act(async () => void chat().loadOlder());
    await scene.pass(300);
    expect(texts(element)).toHaveLength(60);
    expect(chat().older).toBe('complete');
  });

  it('list the conversations with unread counts, until they are read', async () => {
    const bob = await scene.online('bob');
    const client = scene.client();
    const { element } = await scene.render(
      <ImcoreProvider client={client}>
        <List />
        <Chat with="bob" />
      </ImcoreProvider>,
    );
    await logIn(client);
    void bob.send({ to: 'alice', content: 'hello' });
    await scene.pass(300);
    expect(texts(element)).toEqual(['bob (1): hello', 'bob: hello']);
    await act(async () => chat().markRead());
    expect(texts(element)).toEqual(['bob (0): hello', 'bob: hello']);
  });

  it('show that a message has failed, and send it again', async () => {
    let isAllowed = false;
    scene.authorize = () => isAllowed;
    const client = scene.client();
    const { element } = await scene.render(
      <ImcoreProvider client={client}>
        <Chat with="bob" />
      </ImcoreProvider>,
    );
    await logIn(client);
    await act(async () => void chat().send({ content: 'hello' }));
    await scene.pass(300);
    expect(texts(element)).toEqual(['alice: hello failed']);
    isAllowed = true;
    await act(async () => chat().retry(chat().messages[0]?.key ?? ''));
    await scene.pass(300);
    expect(texts(element)).toEqual(['alice: hello stored']);
  });

  it('remove a message that has failed', async () => {
    scene.authorize = () => false;
    const client = scene.client();
    const { element } = await scene.render(
      <ImcoreProvider client={client}>
        <Chat with="bob" />
      </ImcoreProvider>,
    );
    await logIn(client);
    await act(async () => void chat().send({ content: 'hello' }));
    await scene.pass(300);
    await act(async () => chat().discard(chat().messages[0]?.key ?? ''));
    expect(texts(element)).toEqual([]);
  });

  it('show another conversation when the ID changes', async () => {
    const bob = await scene.online('bob');
    const alice = await scene.online('alice');
    void bob.send({ to: 'alice', content: 'from bob' });
    await scene.pass(300);
    let choose: (user: string) => void = () => {};
    const Chooser = () => {
      const [user, setUser] = useState('carol');
      choose = setUser;
      return <Chat with={user} />;
    };
    const { element } = await scene.render(
      <ImcoreProvider client={alice}>
        <Chooser />
      </ImcoreProvider>,
    );
    await scene.pass(300);
    expect(texts(element)).toEqual([]);
    await act(async () => choose('bob'));
    await scene.pass(300);
    expect(texts(element)).toEqual(['bob: from bob']);
  });

  it('render a component again only if its part has changed', async () => {
    const bob = await scene.online('bob');
    const carol = await scene.online('carol');
    const client = scene.client();
    await scene.render(
      <ImcoreProvider client={client}>
        <Chat with="bob" />
      </ImcoreProvider>,
    );
    await logIn(client);
    void bob.send({ to: 'alice', content: 'hello' });
    await scene.pass(300);
    const count = rendered.chats.length;
    const before = chat();
    void carol.send({ to: 'alice', content: 'hello' });
    await scene.pass(1000);
    expect(rendered.chats).toHaveLength(count);
    expect(chat()).toBe(before);
  });

  it('return the same object when a component is rendered for another reason', async () => {
    const client = scene.client();
    let renderAgain = () => {};
    const Both = () => {
      const [, setCount] = useState(0);
      renderAgain = () => setCount((count) => count + 1);
      rendered.lists.push(useConversations());
      rendered.chats.push(useMessages('bob'));
      return null;
    };
    await scene.render(
      <ImcoreProvider client={client}>
        <Both />
      </ImcoreProvider>,
    );
    await logIn(client);
    await act(async () => renderAgain());
    expect(rendered.chats.at(-1)).toBe(rendered.chats.at(-2));
    expect(rendered.lists.at(-1)).toBe(rendered.lists.at(-2));
  });

  it('return the same functions while the conversation is the same', async () => {
    const client = scene.client();
    await scene.render(
      <ImcoreProvider client={client}>
        <Chat with="bob" />
      </ImcoreProvider>,
    );
    await logIn(client);
    const before = chat();
    await act(async () => void before.send({ content: 'hello' }));
    await scene.pass(300);
    expect(chat()).not.toBe(before);
    const { loadOlder, send, retry, discard, markRead } = chat();
    expect({ loadOlder, send, retry, discard, markRead }).toEqual({
      loadOlder: before.loadOlder,
      send: before.send,
      retry: before.retry,
      discard: before.discard,
      markRead: before.markRead,
    });
  });

  it('work with a component that logs in, in strict mode', async () => {
    const bob = await scene.online('bob');
    const client = scene.client();
    const Session = () => {
      useEffect(() => {
        client.login({ userId: 'alice' }).catch(() => {});
        return () => void client.logout();
      }, []);
      return (
        <ImcoreProvider client={client}>
          <List />
          <Connection />
        </ImcoreProvider>
      );
    };
    const { element, root } = await scene.render(
      <StrictMode>
        <Session />
      </StrictMode>,
    );
    await scene.pass(300);
    void bob.send({ to: 'alice', content: 'hello' });
    await scene.pass(300);
    expect(element.textContent).toBe('bob (1): helloonline');
    await act(async () => root.unmount());
    expect(client.state).toBe('idle');
  });

  it('never show two states of a conversation at once', async () => {
    const client = scene.client();
    const view = conversationView(client);
    const shown: [number, number][] = [];
    const counts: [number, number] = [0, 0];
    let interrupt = () => {};
    let renderAgain = () => {};
    const Count = ({ at }: { readonly at: 0 | 1 }) => {
      const { length } = useMessages('bob').messages;
      useLayoutEffect(() => {
        counts[at] = length;
      });
      return null;
    };
    /** Takes longer than React works at a transition without a pause, in which something changes. */
    const Slow = () => {
      interrupt();
      for (const until = performance.now() + 20; performance.now() < until; );
      return null;
    };
    const Parent = () => {
      const [, setCount] = useState(0);
      renderAgain = () => startTransition(() => setCount((count) => count + 1));
      useLayoutEffect(() => void shown.push([...counts]));
      return (
        <>
          <Count at={0} />
          <Slow />
          <Count at={1} />
        </>
      );
    };
    await scene.render(
      <ImcoreProvider view={view}>
        <Parent />
      </ImcoreProvider>,
    );
    await logIn(client);
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false);
    let isInterrupted = false;
    interrupt = () => {
      interrupt = () => {};
      setImmediate(() => {
        isInterrupted = counts[0] === 0;
        void view.conversation('bob').send({ content: 'hello' });
      });
    };
    renderAgain();
    await vi.waitFor(() => expect(counts).toEqual([1, 1]));
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
    expect(isInterrupted).toBe(true);
    expect(shown.filter(([first, second]) => first !== second)).toEqual([]);
    view.close();
  });

  describe('add listeners to the client', () => {
    /** Number of listeners that were added to the client and not removed. */
    const listenersOf = (client: ImClient): (() => number) => {
      let count = 0;
      const on = client.on.bind(client);
      client.on = (name, listener) => {
        const off = on(name, listener);
        count += 1;
        return () => {
          count -= 1;
          off();
        };
      };
      return () => count;
    };

    it('once in strict mode, and remove all of them when the provider is unmounted', async () => {
      const bob = await scene.online('bob');
      const client = scene.client();
      const listeners = listenersOf(client);
      const view = conversationView(client);
      const ofOneView = listeners();
      view.close();
      expect(listeners()).toBe(0);

      const { element, root } = await scene.render(
        <StrictMode>
          <ImcoreProvider client={client}>
            <List />
            <Chat with="bob" />
            <Connection />
          </ImcoreProvider>
        </StrictMode>,
      );
      expect(listeners()).toBe(ofOneView);
      await logIn(client);
      void bob.send({ to: 'alice', content: 'hello' });
      await scene.pass(300);
      expect(texts(element)).toEqual(['bob (1): hello', 'bob: hello']);
      await act(async () => root.unmount());
      expect(listeners()).toBe(0);
      expect(client.state).toBe('online');
    });

    it('not when the tree is only rendered, as on a server', () => {
      const client = scene.client();
      const listeners = listenersOf(client);
      const html = renderToString(
        <ImcoreProvider client={client}>
          <List />
          <Chat with="bob" />
          <Connection />
        </ImcoreProvider>,
      );
      expect(html).toBe('<ol></ol><ul></ul><p>idle</p>');
      expect(listeners()).toBe(0);
    });

    it('only while a provider is mounted, also without hooks', async () => {
      const client = scene.client();
      const listeners = listenersOf(client);
      const { root } = await scene.render(<ImcoreProvider client={client} />);
      expect(listeners()).toBeGreaterThan(0);
      await act(async () => root.unmount());
      expect(listeners()).toBe(0);
    });

    it('of the new client when it changes', async () => {
      const first = scene.client();
      const second = scene.client();
      const [ofFirst, ofSecond] = [listenersOf(first), listenersOf(second)];
      const tree = (client: ImClient) => (
        <ImcoreProvider client={client}>
          <Connection />
        </ImcoreProvider>
      );
      const { element, root } = await scene.render(tree(first));
      await logIn(first);
      await act(async () => root.render(tree(second)));
      expect([ofFirst() === 0, ofSecond() > 0]).toEqual([true, true]);
      expect(element.textContent).toBe('idle');
    });
  });

  it('close the conversation when its component is unmounted, and open it again with the next one', async () => {
    const client = scene.client();
    const history = vi.spyOn(client, 'history');
    let show: (isShown: boolean) => void = () => {};
    const Toggle = () => {
      const [isShown, setIsShown] = useState(true);
      show = setIsShown;
      return isShown ? <Chat with="bob" /> : null;
    };
    const { element } = await scene.render(
      <ImcoreProvider client={client}>
        <Toggle />
      </ImcoreProvider>,
    );
    await logIn(client);
    await act(async () => void chat().send({ content: 'hello' }));
    await scene.pass(300);
    expect(history).toHaveBeenCalledTimes(1);
    await act(async () => show(false));
    await act(async () => show(true));
    await scene.pass(300);
    expect(history).toHaveBeenCalledTimes(2);
    expect(texts(element)).toEqual(['alice: hello stored']);
  });

  it('show a view of the application, which they do not close', async () => {
    const client = scene.client();
    const view = conversationView(client);
    const { element, root } = await scene.render(
      <ImcoreProvider view={view}>
        <List />
      </ImcoreProvider>,
    );
    await logIn(client);
    await act(async () => void view.conversation('bob').send({ content: 'hello' }));
    expect(texts(element)).toEqual(['bob (0): hello']);
    await act(async () => root.unmount());
    await client.logout();
    expect(view.connection.getSnapshot().state).toBe('idle');
    view.close();
  });

  it('send a message although the components are gone', async () => {
    const bob = await scene.online('bob');
    const received: string[] = [];
    bob.on('message', ({ content }) => received.push(content));
    const client = scene.client();
    const { root } = await scene.render(
      <ImcoreProvider client={client}>
        <Chat with="bob" />
      </ImcoreProvider>,
    );
    await logIn(client);
    const { send } = chat();
    await act(async () => root.unmount());
    void send({ content: 'late' });
    await scene.pass(300);
    expect(received).toEqual(['late']);
  });

  it('say that they need a provider', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    await expect(scene.render(<Connection />)).rejects.toThrow(
      'useConnection must be called inside <ImcoreProvider client={…}>',
    );
  });
});
