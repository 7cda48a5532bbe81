import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface ModalProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly actions: ComponentChildren;
  /** Undefined if the dialog cannot be dismissed. */
  readonly onDismiss?: (() => void) | undefined;
}

/** A modal dialog: traps the focus, closes on Escape if it can be dismissed. */
export function Modal({ title, children, actions, onDismiss }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const cancel = (event: Event) => {
    event.preventDefault();
    onDismiss?.();
  };
  return (
    <dialog
      class="modal"
      ref={dialog}
      role="alertdialog"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onCancel={cancel}
    >
      <h2 class="modal-title" id={`${id}-title`}>
        {title}
      </h2>
      <div class="modal-text" id={`${id}-text`}>
        {children}
      </div>
      <div class="modal-actions">{actions}</div>
    </dialog>
  );
}
