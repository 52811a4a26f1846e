// A modal dialog on the browser's own <dialog>: focus is kept inside and returned, Esc closes. And a question that must be answered.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { messages } from '../i18n/language';
import { Button } from './button';

const text = messages({ close: 'Close', cancel: 'Cancel' }, { close: '关闭', cancel: '取消' });

interface DialogProps { title: string; onClose: () => void; children: ComponentChildren; foot?: ComponentChildren; wide?: boolean }

/** Open while it is rendered. `onClose` is told of Esc, the cross and a click beside it. */
export function Dialog({ title, onClose, children, foot, wide = false }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current!;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog ref={element} class={wide ? 'dialog wide' : 'dialog'} aria-labelledby={id} onCancel={(event) => { event.preventDefault(); onClose(); }}
      onMouseDown={(event) => { if (event.target === element.current) onClose(); }}>
      <div class="dialog-head"><h2 id={id}>{title}</h2><Button kind="quiet" size="small" icon="cross" aria-label={text().close} onClick={onClose} /></div>
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
