import { type DeliveryMark, deliveryMark, type OutgoingMessage } from '../model/message.js';
import { usePage } from './context.js';
import { ClockIcon, FailedIcon, ReceivedIcon, SentIcon } from './icons.js';

const ICONS: Readonly<Record<DeliveryMark, () => preact.JSX.Element>> = {
  waiting: ClockIcon,
  sending: ClockIcon,
  stored: SentIcon,
  received: ReceivedIcon,
  failed: FailedIcon,
};

interface DeliveryStateProps {
  readonly message: OutgoingMessage;
  readonly isOnline: boolean;
}

/** The delivery state of an outgoing message, as an icon. */
export function DeliveryState({ message, isOnline }: DeliveryStateProps) {
  const { texts } = usePage();
  const mark = deliveryMark(message, isOnline);
  const Icon = ICONS[mark];
  return (
    <span class={`delivery delivery-${mark}`} title={texts.conversation.mark[mark]}>
      <Icon />
      <span class="visually-hidden">{texts.conversation.mark[mark]}</span>
    </span>
  );
}
