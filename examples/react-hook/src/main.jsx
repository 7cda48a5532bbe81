import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Chat } from './chat.jsx';

const url = new URLSearchParams(location.search).get('server') ?? 'ws://127.0.0.1:3000/websocket';

createRoot(document.getElementById('app')).render(
  <StrictMode>
    <Chat url={url} userId="alice" peer="bob" />
    <Chat url={url} userId="bob" peer="alice" />
  </StrictMode>,
);
