import type { ComponentChildren } from 'preact';

const STROKE = {
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': 1.75,
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
} as const;

function Icon({ children, size = 20 }: { readonly children: ComponentChildren; readonly size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" {...STROKE}>
      {children}
    </svg>
  );
}

/** The logo: a message with a delivery tick. */
export function Mark({ size = 32 }: { readonly size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path
        class="mark-bubble"
        d="M16 3c7.7 0 13 5 13 11.6S23.7 26.2 16 26.200c-1.6 0-3.1-.2-4.5-.6L5 29l1.3-6.100C4.2 20.8 3 17.9 3 14.6 3 8 8.3 3 16 3Z"
      />
      <path
        class="mark-tick"
        d="m10.5 15 4 4 7.5-8.5"
        fill="none"
        stroke-width="3"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

export const SearchIcon = () => (
  <Icon size={18}>
    <circle cx="9" cy="9" r="5.5" />
    <path d="m13.2 13.2 3.8 3.8" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon size={16}>
    <path d="m5 5 10 10M15 5 5 15" />
  </Icon>
);

export const BackIcon = () => (
  <Icon>
    <path d="M12.5 4.5 7 10l5.5 5.5" />
  </Icon>
);

export const SendIcon = () => (
  <Icon>
    <path d="M10 16V4.500M5 9.500l5-5 5 5" />
  </Icon>
);

export const SmileIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="7.25" />
    <path d="M7 12c.7 1.2 1.7 1.8 3 1.800s2.3-.6 3-1.800M7.5 8v.2M12.5 8v.2" />
  </Icon>
);

export const DownIcon = () => (
  <Icon size={18}>
    <path d="M10 4v12M5 11l5 5 5-5" />
  </Icon>
);

export const MoreIcon = () => (
  <Icon>
    <path d="M4.5 10h.01M10 10h.01M15.5 10h.01" stroke-width="2.5" />
  </Icon>
);

export const PlusIcon = () => (
  <Icon>
    <path d="M10 4.500v11M4.5 10h11" />
  </Icon>
);

export const ClockIcon = () => (
  <Icon size={14}>
    <circle cx="10" cy="10" r="7" />
    <path d="M10 6v4.300l2.7 1.7" />
  </Icon>
);

export const SentIcon = () => (
  <Icon size={14}>
    <path d="M4 10.5 8 15l8-9.5" />
  </Icon>
);

export const ReceivedIcon = () => (
  <svg
    class="icon"
    width="18"
    height="14"
    viewBox="0 0 26 20"
    aria-hidden="true"
    {...STROKE}
    stroke-width={2.2}
  >
    <path d="m2 10.5 4.5 4.500L15 5.500M11.5 14l1.2 1L21.5 5.5" />
  </svg>
);

export const FailedIcon = () => (
  <Icon size={14}>
    <circle cx="10" cy="10" r="7.5" />
    <path d="M10 6v4.500M10 13.700v.1" stroke-width="2.2" />
  </Icon>
);
