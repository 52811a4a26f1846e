// Short messages about what was just done, with one action (undo) at most. <Toasts /> stands once in a page; showToast() speaks.
import { signal } from '@preact/signals';
import { messages } from '../i18n/language';
import { Button } from './button';

interface ToastAction { label: string; run: () => void }
interface Toast { number: number; words: string; tone: 'neutral' | 'bad'; action?: ToastAction | undefined }

const kShown_ms = 6000;
const kShownWithAction_ms = 10_000;
const text = messages({ dismiss: 'Dismiss' }, { dismiss: '关闭' });
const toasts = signal<Toast[]>([]);
let lastNumber = 0;

function dismiss(number: number): void {
  toasts.value = toasts.value.filter((toast) => toast.number !== number);
}

export function showToast(words: string, { tone = 'neutral', action }: { tone?: 'neutral' | 'bad'; action?: ToastAction } = {}): void {
  const number = ++lastNumber;
  toasts.value = [...toasts.value.slice(-2), { number, words, tone, action }];
  setTimeout(() => dismiss(number), action ? kShownWithAction_ms : kShown_ms);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ number, words, tone, action }) => (
        <div key={number} class={`toast ${tone}`}>
          <span>{words}</span>
          <span class="row">
            {action && <Button size="small" onClick={() => { dismiss(number); action.run(); }}>{action.label}</Button>}
            <Button size="small" kind="quiet" icon="cross" aria-label={text().dismiss} onClick={() => dismiss(number)} />
          </span>
        </div>
      ))}
    </div>
  );
}
