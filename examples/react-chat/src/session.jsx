import { createClient } from '@imcore/client';
import { ImcoreProvider } from '@imcore/react';
import { useEffect, useMemo } from 'react';

/** A login for as long as the component is mounted; its children can use the hooks. */
export function Session({ url, userId, children }) {
  const client = useMemo(() => createClient({ url }), [url]);
  useEffect(() => {
    // A component that is unmounted meanwhile ends the login: that is no error.
    client.login({ userId }).catch((error) => error.code !== 'ERR_LOGIN_ABORTED' && console.error(error));
    return () => void client.logout();
  }, [client, userId]);
  return <ImcoreProvider client={client}>{children}</ImcoreProvider>;
}
