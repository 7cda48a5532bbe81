/** The emoji of the panel, in rows of eight. The system keyboard has the rest. */
export const EMOJI: readonly string[] = [
  ...['😀', '😄', '😂', '🙂', '😉', '😊', '😍', '😘'],
  ...['😎', '🤔', '😅', '😇', '🙃', '😋', '🤩', '🥳'],
  ...['😴', '😭', '😢', '😤', '😮', '😱', '🤯', '🥺'],
  ...['👍', '👎', '👌', '✌️', '🙏', '👏', '💪', '🤝'],
  ...['👋', '🙌', '🤗', '👀', '💡', '✅', '❌', '❗'],
  ...['❤️', '💚', '💔', '✨', '🎉', '🎁', '🌹', '🍵'],
];
export const EMOJI_COLUMNS = 8;
