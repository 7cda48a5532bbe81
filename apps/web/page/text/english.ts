import type { Problem } from '../model/problem.js';
import type { Texts } from './texts.js';

export const ENGLISH: Texts = {
  locale: 'en',
  product: 'imcore',
  tagline: 'Messages that arrive.',

  login: {
    title: 'Sign in',
    userId: 'User ID',
    userIdHint: 'How others reach you, for example alice',
    token: 'Token',
    optional: 'optional',
    server: 'Server',
    remember: 'Stay signed in on this device',
    submit: 'Sign in',
    submitting: 'Signing in…',
    cancel: 'Cancel',
  },
  problem,

  preferences: {
    language: 'Language',
    theme: 'Appearance',
    system: 'As the system',
    light: 'Light',
    dark: 'Dark',
  },

  list: {
    label: 'Conversations',
    recent: 'Chats',
    contacts: 'Contacts',
    search: 'Search, or type a user ID',
    clear: 'Clear the search',
    start: (userId) => `Start a chat with ${userId}`,
    emptyTitle: 'No conversations yet',
    emptyText: 'Type somebody’s user ID above to start one.',
    noContacts: 'No contacts yet. Whomever you write to becomes one.',
    nothingFound: 'Nobody here has that name.',
    unread: (count) => (count === 1 ? '1 unread message' : `${count} unread messages`),
    draft: 'Draft: ',
    noMessages: 'No messages yet',
    notKept: 'This browser does not keep your messages: they are gone when the page is closed.',
    serverName: 'Server',
  },

  conversation: {
    choose: 'Choose a conversation',
    chooseHint: 'or type a user ID in the search field to start one.',
    back: 'Back to the list',
    messages: (peer) => `Messages with ${peer}`,
    begin: (peer) => `This is the beginning of your chat with ${peer}.`,
    beginHint: 'Two ticks say that a message is with them, or that the server keeps it for them.',
    loading: 'Loading earlier messages…',
    unreadFromHere: (count) => (count === 1 ? '1 new message' : `${count} new messages`),
    toEnd: 'To the newest message',
    newBelow: (count) => (count === 1 ? '1 new message' : `${count} new messages`),
    write: (peer) => `Message ${peer}`,
    writeLabel: (peer) => `Message to ${peer}`,
    send: 'Send',
    keys: 'Enter sends, Shift+Enter starts a new line',
    emoji: 'Insert an emoji',
    emojiPanel: 'Emoji',
    mark: {
      waiting: 'Waiting for the connection',
      sent: 'Sent',
      received: 'Delivered',
      failed: 'Not delivered',
    },
    failedBecause: (why) => `Not delivered. ${why}`,
    failure: {
      'not-acknowledged':
        'Nobody has confirmed it. The receiver may be offline while the server keeps no messages.',
      'not-sent': 'There was no connection in time.',
      'too-large': 'It is too long. Send it in parts.',
      'queue-full': 'Too many messages are waiting already.',
      other: 'It could not be sent.',
    },
    retry: 'Try again',
    addContact: 'Add to contacts',
    removeContact: 'Remove from contacts',
    remove: 'Delete conversation',
    removeQuestion: (peer) => `Delete the conversation with ${peer}?`,
    removeHint: 'Its messages are deleted from this browser. The other side keeps theirs.',
    confirmRemove: 'Delete',
    keep: 'Keep it',
    said: (peer, text) => `${peer}: ${text}`,
    byYou: (text) => `You: ${text}`,
    today: 'Today',
    yesterday: 'Yesterday',
    opensElsewhere: '(opens in a new tab)',
    more: 'More about this conversation',
  },

  connection: {
    online: 'Online',
    connecting: 'Connecting…',
    offline: 'Offline',
    label: 'Connection and settings',
    server: 'Server',
    roundTrip: 'Round trip',
    since: 'Online since',
    milliseconds: (count) => (count < 1 ? 'under 1 ms' : `${count} ms`),
    notMeasured: 'measured soon',
    lost: 'No connection to the server.',
    reconnecting: 'Connecting again…',
    nextTry: (seconds) => `Next try in ${seconds} s`,
    tryNow: 'Try now',
    waitingMessages: 'What you write is sent as soon as it is back.',
    signOut: 'Sign out',
    account: 'Signed in as',
  },

  kicked: {
    title: 'You were signed out here',
    elsewhere: (userId, time) =>
      `${userId} signed in somewhere else at ${time}. A user has one connection at a time.`,
    otherTab: (userId) =>
      `${userId} is now signed in in another tab or window of this browser. A user has one connection at a time.`,
    byServer: (code, reason) =>
      reason === undefined
        ? `The server has ended this session (code ${code}).`
        : `The server has ended this session: ${reason} (code ${code}).`,
    unsent: 'Messages that were not sent yet are kept and go out with the next sign-in.',
    useHere: 'Use here',
    again: 'Sign in again',
    otherUser: 'Sign out',
  },

  noConfig: 'This page could not find out where its server is. Load it again in a moment.',
  skip: 'Skip to the message field',
};

function problem(what: Problem): string {
  switch (what.code) {
    case 'user-id-missing':
      return 'Enter your user ID.';
    case 'user-id-invalid':
      return 'This cannot be a user ID: 1 to 256 characters, and neither 0 nor -1.';
    case 'token-missing':
      return 'This server asks for a token.';
    case 'server-invalid':
      return 'This is no server address. An example: ws://im.example.com:3000/websocket';
    case 'server-elsewhere':
      return `This page may connect to its own host only, not to ${what.host}.`;
    case 'rejected':
      return what.serverCode === 1025
        ? 'The token is wrong for this user. (Code 1025)'
        : `The server refused this sign-in. (Code ${what.serverCode})`;
    case 'unreachable':
      return `No connection to ${what.server}. Is the server running, and is the address right?`;
    case 'no-answer':
      return `Something listens at ${what.server}, but it does not answer the sign-in.`;
    case 'kicked':
      return 'The same user signed in somewhere else at this moment. Try again.';
    case 'other':
      return `Signing in failed: ${what.text}`;
    default:
      return what satisfies never;
  }
}
