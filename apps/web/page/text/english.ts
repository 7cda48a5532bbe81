import type { Problem } from '../model/problem.js';
import type { Texts } from './texts.js';

export const ENGLISH: Texts = {
  locale: 'en',
  product: 'imcore',
  tagline: 'Reliable instant messaging.',

  login: {
    title: 'Sign in',
    userId: 'User ID',
    userIdHint: 'Other users reach you by this ID, for example alice',
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
    theme: 'Theme',
    system: 'System',
    light: 'Light',
    dark: 'Dark',
  },

  list: {
    label: 'Conversations',
    recent: 'Chats',
    contacts: 'Contacts',
    search: 'Search, or enter a user ID',
    clear: 'Clear search',
    start: (userId) => `Start a chat with ${userId}`,
    emptyTitle: 'No conversations yet',
    emptyText: 'Enter a user ID above to start one.',
    noContacts: 'No contacts yet. Users you chat with are added automatically.',
    nothingFound: 'No matches.',
    unread: (count) => (count === 1 ? '1 unread message' : `${count} unread messages`),
    draft: 'Draft: ',
    noMessages: 'No messages yet',
    notKept: 'This browser does not store messages. They are lost when you close the page.',
    serverName: 'Server',
  },

  conversation: {
    choose: 'Select a conversation',
    chooseHint: 'or enter a user ID in the search field to start one.',
    back: 'Back to the list',
    messages: (peer) => `Messages with ${peer}`,
    begin: (peer) => `This is the beginning of your conversation with ${peer}.`,
    beginHint: 'One tick means that the server has stored a message, two that it was delivered.',
    gap: 'Messages are missing here. They are no longer on the server, or could not be loaded.',
    gapLoading: 'Loading missing messages…',
    cut: 'This message is too long to be shown here.',
    loading: 'Loading earlier messages…',
    unreadFromHere: (count) => (count === 1 ? '1 new message' : `${count} new messages`),
    toEnd: 'Jump to the latest message',
    newBelow: (count) => (count === 1 ? '1 new message' : `${count} new messages`),
    write: (peer) => `Message ${peer}`,
    writeLabel: (peer) => `Message to ${peer}`,
    send: 'Send',
    keys: 'Enter to send, Shift+Enter for a new line',
    size: (bytes, limit) => `${bytes.toLocaleString('en')} of ${limit.toLocaleString('en')} bytes`,
    tooLong: 'This message is too long. Shorten it, or send it in parts.',
    emoji: 'Insert emoji',
    emojiPanel: 'Emoji',
    mark: {
      waiting: 'Waiting for the connection',
      sending: 'Sending',
      stored: 'Stored on the server',
      received: 'Delivered',
      failed: 'Not delivered',
    },
    failedBecause: (why) => `Not delivered. ${why}`,
    failure: {
      'not-acknowledged':
        'No acknowledgement received. The recipient may be offline, and the server does not store messages.',
      'not-sent': 'There was no connection to the server.',
      'too-large': 'The message is too long. Split it into parts.',
      'queue-full': 'Too many messages are pending.',
      rejected: 'The server did not accept the message.',
      other: 'The message could not be sent.',
    },
    retry: 'Retry',
    addContact: 'Add to contacts',
    removeContact: 'Remove from contacts',
    remove: 'Delete conversation',
    removeQuestion: (peer) => `Delete the conversation with ${peer}?`,
    removeHint: 'The messages are deleted from this browser only.',
    confirmRemove: 'Delete',
    keep: 'Cancel',
    said: (peer, text) => `${peer}: ${text}`,
    byYou: (text) => `You: ${text}`,
    today: 'Today',
    yesterday: 'Yesterday',
    opensElsewhere: '(opens in a new tab)',
    more: 'Conversation options',
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
    notMeasured: 'measuring…',
    lost: 'Disconnected from the server.',
    reconnecting: 'Reconnecting…',
    nextTry: (seconds) => `Retrying in ${seconds} s`,
    tryNow: 'Retry now',
    waitingMessages: 'Your messages are sent when the connection is restored.',
    signOut: 'Sign out',
    account: 'Signed in as',
    devices: 'Your devices',
    devicesLoading: 'Loading…',
    devicesFailed: 'The devices could not be loaded.',
    thisDevice: 'This device',
    deviceOnline: 'Online',
    deviceSeen: (when) => `Last sign-in ${when}`,
    deviceUnnamed: 'Unnamed device',
    deviceShared: 'Other clients',
    removeDevice: 'Sign out',
    removeDeviceOf: (name) => `Sign out ${name}`,
  },

  kicked: {
    title: 'You have been signed out',
    elsewhere: (userId, time) =>
      `${userId} signed in elsewhere at ${time}. A user can have only one connection at a time.`,
    otherTab: (userId) =>
      `${userId} signed in from another tab or window of this browser. A user can have only one connection at a time.`,
    removed: 'This device was signed out from another device of yours, or by an administrator.',
    byServer: (code, reason) =>
      reason === undefined
        ? `The server ended this session (code ${code}).`
        : `The server ended this session: ${reason} (code ${code}).`,
    unsent: 'Unsent messages are kept and sent after the next sign-in.',
    useHere: 'Use here',
    again: 'Sign in again',
    otherUser: 'Sign out',
  },

  noConfig: 'The server address could not be loaded. Reload the page.',
  skip: 'Skip to the message field',
};

function problem(what: Problem): string {
  switch (what.code) {
    case 'user-id-missing':
      return 'Enter your user ID.';
    case 'user-id-invalid':
      return 'Invalid user ID. Use 1 to 256 characters. 0 and -1 are reserved.';
    case 'token-missing':
      return 'This server requires a token.';
    case 'server-invalid':
      return 'Invalid server address. Example: ws://im.example.com:3000/websocket';
    case 'server-elsewhere':
      return `This page can connect only to its own host, not to ${what.host}.`;
    case 'rejected':
      return what.serverCode === 1025
        ? 'Invalid token for this user (code 1025).'
        : `The server rejected the sign-in (code ${what.serverCode}).`;
    case 'unreachable':
      return `Cannot connect to ${what.server}. Check that the server is running and that the address is correct.`;
    case 'no-answer':
      return `${what.server} accepts connections, but does not answer the sign-in.`;
    case 'kicked':
      return 'The same user signed in elsewhere at the same time. Try again.';
    case 'other':
      return `Sign-in failed: ${what.text}`;
    default:
      return what satisfies never;
  }
}
