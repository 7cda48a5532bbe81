import type { MessageSize } from '../model/message-size.js';
import { usePage } from './context.js';

/** The size of the text in the input field, shown near the limit; and beyond it, that the message cannot be sent. */
export function ComposerSize({ size, id }: { readonly size: MessageSize; readonly id: string }) {
  const { texts } = usePage();
  return (
    <div class={size.fits ? 'composer-size' : 'composer-size composer-too-long'} id={id}>
      {/* Only this is announced by screen readers: the numbers change with every key. */}
      <p role="alert">{size.fits ? '' : texts.conversation.tooLong}</p>
      {size.isNear && <p>{texts.conversation.size(size.bytes, size.limit)}</p>}
    </div>
  );
}
