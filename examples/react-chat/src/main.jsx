import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Chat } from './chat.jsx';
import { Session } from './session.jsx';

const url = new URLSearchParams(location.search).get('server') ?? 'ws://127.0.0.1:3000/websocket';

createRoot(document.getElementById('app')).render(
  <StrictMode>
    <Session url={url} userId="alice">
      <Chat userId="alice" peer="bob" />
    </Session>
    <Session url={url} userId="bob">
      <Chat userId="bob" peer="alice" />
    </Session>
  </StrictMode>,
);
