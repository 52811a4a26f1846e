// The language of the pages: the viewer's choice if there is one, else the browser's. A signal: what reads it while rendering renders
// again when it changes. Texts live beside the page they belong to, as messages(english, chinese).
import { signal } from '@preact/signals';
import { recall, remember } from './remembered';

export type Language = 'en' | 'zh';

const kName = 'edgepool.language';

function initialLanguage(): Language {
  const chosen = recall(kName);
  if (chosen === 'en' || chosen === 'zh') return chosen;
  return /^zh\b/i.test(navigator.language) ? 'zh' : 'en';
}

export const language = signal<Language>(initialLanguage());

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  document.documentElement.lang = chosen === 'zh' ? 'zh-CN' : 'en';
  remember(kName, chosen);
}

/** A text, or a function that makes one of its parts. */
type Message = string | ((...parts: never[]) => string);
type Translated<T> = { [K in keyof T]: T[K] extends string ? string : T[K] };

/** The texts of a page or a component in both languages; a text that one of them lacks is a compile error. Call it while rendering. */
export function messages<T extends Record<string, Message>>(english: T, chinese: Translated<T>): () => Translated<T> {
  const texts = { en: english as Translated<T>, zh: chinese };
  return () => texts[language.value];
}
