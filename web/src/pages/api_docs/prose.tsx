// The little markup of the API document's descriptions: paragraphs, `code` and **strong**. Everything else is text.
import type { ComponentChild } from 'preact';

const kMarks = /(`[^`]+`|\*\*[^*]+\*\*)/;

function inline(text: string): ComponentChild[] {
  return text.split(kMarks).map((part, i) => {
    if (part.startsWith('`') && part.length > 2) return <code key={i}>{part.slice(1, -1)}</code>;
    if (part.startsWith('**') && part.length > 4) return <strong key={i}>{part.slice(2, -2)}</strong>;
    return part;
  });
}

export function Prose({ children, lang = 'en' }: { children: string; lang?: string }) {
  return <>{children.split('\n\n').map((paragraph) => <p key={paragraph} lang={lang}>{inline(paragraph)}</p>)}</>;
}

export function InlineProse({ children }: { children: string }) {
  return <span lang="en">{inline(children)}</span>;
}
