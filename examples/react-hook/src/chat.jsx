import { useState } from 'react';
import { useImClient } from './use-im-client.js';

/** One person's end of a conversation. */
export function Chat({ url, userId, peer }) {
  const { state, messages, error, send } = useImClient({ url, userId });
  const [text, setText] = useState('');
  const [failure, setFailure] = useState(undefined);

  const submit = async (event) => {
    event.preventDefault();
    setText('');
    try {
      await send({ to: peer, content: text });
      setFailure(undefined);
    } catch (cause) {
      setFailure(cause);
    }
  };

  return (
    <section aria-label={userId}>
      <p role="status">{error?.message ?? failure?.message ?? state}</p>
      <ul>
        {messages.map(({ fingerprint, from, content }) => (
          <li key={fingerprint}>
            {from}: {content}
          </li>
        ))}
      </ul>
      <form onSubmit={submit}>
        <input
          aria-label={`${userId} writes`}
          value={text}
          onInput={(event) => setText(event.target.value)}
        />
        <button type="submit">Send</button>
      </form>
    </section>
  );
}
