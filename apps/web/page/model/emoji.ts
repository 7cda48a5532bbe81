/** What the panel offers: enough for a chat, in rows of eight. The keyboard of the system has the rest. */
export const EMOJI: readonly string[] = [
  ...['😀', '😄', '😂', '🙂', '😉', '😊', '😍', '😘'],
  ...['😎', '🤔', '😅', '😇', '🙃', '😋', '🤩', '🥳'],
  ...['😴', '😭', '😢', '😤', '😮', '😱', '🤯', '🥺'],
  ...['👍', '👎', '👌', '✌️', '🙏', '👏', '💪', '🤝'],
  ...['👋', '🙌', '🤗', '👀', '💡', '✅', '❌', '❗'],
  ...['❤️', '💚', '💔', '✨', '🎉', '🎁', '🌹', '🍵'],
];
export const EMOJI_COLUMNS = 8;
