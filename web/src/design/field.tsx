// Form fields with their label, hint and fault tied together for screen readers; and choices of one out of few.
import type { ComponentChildren, Ref } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps { label: string; hint?: ComponentChildren; wrong?: string | null; children: (ids: { id: string; 'aria-describedby'?: string | undefined; 'aria-invalid'?: 'true' | undefined }) => ComponentChildren }

/** <Field label="Name">{(ids) => <input {...ids} class="input" />}</Field> */
export function Field({ label, hint, wrong, children }: FieldProps) {
  const id = useId();
  const described = [hint ? `${id}-hint` : '', wrong ? `${id}-wrong` : ''].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': wrong ? 'true' : undefined })}
      {hint && <div class="hint" id={`${id}-hint`}>{hint}</div>}
      {wrong && <div class="wrong" id={`${id}-wrong`} role="alert">{wrong}</div>}
    </div>
  );
}

interface InputProps {
  label: string;
  hint?: ComponentChildren;
  wrong?: string | null;
  value: string;
  onValue: (value: string) => void;
  type?: 'text' | 'password' | 'search' | 'number' | 'datetime-local' | undefined;
  placeholder?: string;
  autocomplete?: string;
  inputMode?: 'text' | 'numeric' | 'decimal';
  required?: boolean;
  mono?: boolean;
  list?: string;
  inputRef?: Ref<HTMLInputElement>;
}

export function TextField({ label, hint, wrong, value, onValue, mono = false, inputRef, ...rest }: InputProps) {
  return (
    <Field label={label} hint={hint} wrong={wrong ?? null}>
      {(ids) => <input {...(rest as object)} {...ids} ref={inputRef} class={mono ? 'input mono' : 'input'} spellcheck={false} value={value} onInput={(event) => onValue(event.currentTarget.value)} />}
    </Field>
  );
}

interface ChoiceProps<T extends string> { label: string; options: readonly (readonly [T, string])[]; value: T; onValue: (value: T) => void }

/** Few short options, all visible. */
export function Segmented<T extends string>({ label, options, value, onValue }: ChoiceProps<T>) {
  return <div class="segmented" role="group" aria-label={label}>{options.map(([name, shown]) => <button key={name} type="button" aria-pressed={name === value} onClick={() => onValue(name)}>{shown}</button>)}</div>;
}

/** A native select; its label is read, not seen. */
export function Select<T extends string>({ label, options, value, onValue }: ChoiceProps<T>) {
  return <select class="input" aria-label={label} value={value} onChange={(event) => onValue(event.currentTarget.value as T)}>{options.map(([name, shown]) => <option key={name} value={name}>{shown}</option>)}</select>;
}

export function Check({ checked, onValue, children, indeterminate = false, ...rest }: { checked: boolean; onValue: (checked: boolean) => void; children?: ComponentChildren; indeterminate?: boolean; 'aria-label'?: string }) {
  return <label class="check"><input type="checkbox" {...rest} checked={checked} ref={(element) => { if (element) element.indeterminate = indeterminate; }} onChange={(event) => onValue(event.currentTarget.checked)} />{children && <span>{children}</span>}</label>;
}
