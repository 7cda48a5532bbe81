import { useConnection, useMessages } from '@imcore/react';
import { useState } from 'react';

/** One user's side of a conversation. */
export function Chat({ userId, peer }) {
  const { state } = useConnection();
  const { messages, send, retry } = useMessages(peer);
  const [text, setText] = useState('');

  const submit = (event) => {
    event.preventDefault();
    send({ content: text });
    setText('');
  };

  return (
    <section aria-label={userId}>
      <p role="status">{state}</p>
      <ul>
        {messages.map((item) => (
          <li key={item.key}>
            {item.kind === 'gap' ? 'Messages are missing here.' : `${item.from}: ${item.content}`}
            {item.delivery === 'failed' && (
              <button type="button" onClick={() => retry(item.key)}>
                Send again
              </button>
            )}
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
