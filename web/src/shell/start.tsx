// Puts a page into its document and keeps the document's title in the chosen language.
import { effect } from '@preact/signals';
import { render, type ComponentChild } from 'preact';
import '../design/base.css';
import '@preact/signals';

export function startPage(page: ComponentChild, title: () => string): void {
  effect(() => { document.title = title(); });
  render(page, document.getElementById('app')!);
}
