import { initialOf, tintOf } from '../model/avatar.js';
import { SERVER_ID } from '../model/user-id.js';
import { Mark } from './icons.js';

/** The avatar of a user. Hidden from screen readers, because the name is next to it. */
export function Avatar({ userId, isSmall = false }: { readonly userId: string; readonly isSmall?: boolean }) {
  const size = isSmall ? ' avatar-small' : '';
  if (userId === SERVER_ID) {
    return (
      <span class={`avatar avatar-server${size}`} aria-hidden="true">
        <Mark size={isSmall ? 18 : 22} />
      </span>
    );
  }
  return (
    <span class={`avatar tint-${tintOf(userId)}${size}`} aria-hidden="true">
      {initialOf(userId)}
    </span>
  );
}
