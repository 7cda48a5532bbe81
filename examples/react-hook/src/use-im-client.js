import { createClient } from '@imcore/client';
import { useCallback, useEffect, useRef, useState } from 'react';

/**
 * A client for as long as a component is there: logs in when it appears, and again when one of these changes.
 *
 * Returns the client's state, the messages received since, how to send one, and why the login failed if it did.
 */
export function useImClient({ url, userId, token }) {
  const clientRef = useRef(null);
  const [state, setState] = useState('idle');
  const [messages, setMessages] = useState([]);
  const [error, setError] = useState(undefined);

  useEffect(() => {
    const client = createClient({ url });
    clientRef.current = client;
    setMessages([]);
    setError(undefined);
    client.on('state', ({ current }) => setState(current));
    client.on('message', (message) => setMessages((earlier) => [...earlier, message]));
    client.on('kicked', ({ code }) => setError(new Error(`logged out by the server, code ${code}`)));
    // A component that goes away meanwhile closes the client: nobody is there to be told of that.
    client.login({ userId, token }).catch((cause) => client.state !== 'closed' && setError(cause));
    return () => {
      clientRef.current = null;
      void client.close();
    };
  }, [url, userId, token]);

  const send = useCallback((message) => clientRef.current.send(message), []);
  return { state, messages, error, send };
}
