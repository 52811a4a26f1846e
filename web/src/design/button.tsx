// Buttons, and the button that copies a text.
import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { messages } from '../i18n/language';
import { Icon, type IconName } from './icon';

export type ButtonKind = 'plain' | 'primary' | 'danger' | 'danger-filled' | 'quiet';

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'size' | 'icon' | 'type' | 'disabled' | 'form'> {
  kind?: ButtonKind;
  size?: 'small' | 'medium';
  icon?: IconName;
  busy?: boolean;
  disabled?: boolean;
  type?: 'button' | 'submit';
  form?: string;
  children?: ComponentChildren;
}

/** A button; without children give it an aria-label. While `busy` it shows a spinner and does nothing. */
export function Button({ kind = 'plain', size = 'medium', icon, busy = false, disabled = false, type = 'button', children, class: extra, ...rest }: ButtonProps) {
  const names = ['button', kind, size, children ? '' : 'icon-only', extra ?? ''].filter(Boolean).join(' ');
  return (
    <button {...rest} type={type} class={names} disabled={disabled || busy} aria-busy={busy || undefined}>
      {busy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

const text = messages({ copy: 'Copy', copied: 'Copied' }, { copy: '复制', copied: '已复制' });
const kCopied_ms = 1600;

/** Copies `value`; says so for a moment. `label`: what is copied, for people who do not see the place. */
export function CopyButton({ value, label, wordy = false }: { value: string; label?: string; wordy?: boolean }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), kCopied_ms);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const word = isCopied ? text().copied : text().copy;
  return (
    <Button size="small" kind={wordy ? 'plain' : 'quiet'} icon={isCopied ? 'check' : 'copy'} aria-label={label ? `${word}: ${label}` : word} aria-live="polite"
      onClick={() => void navigator.clipboard.writeText(value).then(() => setCopied(true))}>
      {wordy ? word : null}
    </Button>
  );
}
