// A modal dialog on the browser's own <dialog>: focus is kept inside and returned, Esc closes. And a question that must be answered.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { messages } from '../i18n/language';
import { Button } from './button';

const text = messages({ close: 'Close', cancel: 'Cancel' }, { close: '关闭', cancel: '取消' });

interface DialogProps { title: string; onClose: () => void; children: ComponentChildren; foot?: ComponentChildren; wide?: boolean; leaving?: 'freely' | 'by_button' }

/** Open while it is rendered. `onClose` is told of Esc and the cross, unless what it shows must not be lost by a slip: then only its own buttons close it. */
export function Dialog({ title, onClose, children, foot, wide = false, leaving = 'freely' }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current!;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  // Browsers without "closedby" let a second Esc close any dialog, whatever its cancel event was told.
  const closed = () => {
    if (!element.current?.isConnected) return;
    if (leaving === 'freely') onClose();
    else element.current.showModal();
  };
  return (
    <dialog ref={element} {...{ closedby: leaving === 'freely' ? 'closerequest' : 'none' }} class={wide ? 'dialog wide' : 'dialog'} aria-labelledby={id} onCancel={(event) => { event.preventDefault(); if (leaving === 'freely') onClose(); }} onClose={closed}>
      <div class="dialog-head"><h2 id={id}>{title}</h2>{leaving === 'freely' && <Button kind="quiet" size="small" icon="cross" aria-label={text().close} onClick={onClose} />}</div>
      <div class="dialog-body">{children}</div>
      {foot && <div class="dialog-foot">{foot}</div>}
    </dialog>
  );
}

interface ConfirmProps { title: string; children: ComponentChildren; action: string; danger?: boolean; busy?: boolean; onConfirm: () => void; onClose: () => void }

export function Confirm({ title, children, action, danger = false, busy = false, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose} foot={<><Button onClick={onClose}>{text().cancel}</Button><Button kind={danger ? 'danger-filled' : 'primary'} busy={busy} onClick={onConfirm}>{action}</Button></>}>
      {children}
    </Dialog>
  );
}
