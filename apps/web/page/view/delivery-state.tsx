import { type DeliveryMark, deliveryMark, type OutgoingMessage } from '../model/message.js';
import { usePage } from './context.js';
import { ClockIcon, FailedIcon, ReceivedIcon, SentIcon } from './icons.js';

const ICONS: Readonly<Record<DeliveryMark, () => preact.JSX.Element>> = {
  waiting: ClockIcon,
  sent: SentIcon,
  received: ReceivedIcon,
  failed: FailedIcon,
};

interface DeliveryStateProps {
  readonly message: OutgoingMessage;
  readonly isOnline: boolean;
}

/** How far a message of one's own has come. */
export function DeliveryState({ message, isOnline }: DeliveryStateProps) {
  const { texts } = usePage();
  const mark = deliveryMark(message, isOnline);
  const Icon = ICONS[mark];
  return (
    <span class={`delivery delivery-${mark}`} title={texts.talk.mark[mark]}>
      <Icon />
      <span class="visually-hidden">{texts.talk.mark[mark]}</span>
    </span>
  );
}
