// Light, dark, or as the system says; remembered. boot.js sets it before the first paint.
import { signal } from '@preact/signals';
import { recall, remember } from './remembered';

export type Theme = 'system' | 'light' | 'dark';

const kName = 'edgepool.theme';

function initialTheme(): Theme {
  const chosen = recall(kName);
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

export const theme = signal<Theme>(initialTheme());

/** Counts every change of what is seen, the system's included: what draws by itself (a canvas) reads it. */
export const themeChanges = signal(0);

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  remember(kName, chosen === 'system' ? null : chosen);
  themeChanges.value++;
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { themeChanges.value++; });
