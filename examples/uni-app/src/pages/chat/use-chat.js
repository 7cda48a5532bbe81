import { createClient } from '@imcore/client/mini-program';

/**
 * One conversation for a page: `view` is what it shows, and may be made reactive by the caller.
 *
 * `platform` is uni-app's `uni`, which has the sockets of whatever the program was built for.
 */
export function useChat({ platform, url, view }) {
  const client = createClient({ platform, url });
  client.on('state', ({ current }) => {
    view.state = current;
  });
  client.on('message', ({ from, content }) => view.lines.push(`${from}: ${content}`));

  return {
    client,
    login: (userId, token) => client.login({ userId, token }),
    async send(to, text) {
      const line = { text: `→ ${to}: ${text}` };
      try {
        await client.send({ to, content: text });
      } catch (error) {
        line.text += ` (${error.code})`;
      }
      view.lines.push(line.text);
    },
    close: () => client.close(),
  };
}
