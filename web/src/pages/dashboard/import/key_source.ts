// What an operator pasted or dropped, before it is sent: which of the three forms it has and about how many keys it holds. The pool itself
// reads it; this only chooses the content type and what the button says. Pure, tested by tests/browser/rules.test.mjs.
export interface KeySource { type: 'text/plain' | 'text/csv' | 'application/json'; count: number }

/** CSV is told by its header line, JSON by its first character; all else is one key a line. */
export function keySource(text: string): KeySource {
  const start = text.replace(/^\uFEFF/, '').trimStart();
  if (start.startsWith('[') || start.startsWith('{')) return { type: 'application/json', count: jsonKeys(start) };
  const lines = start.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  if (/^"?key"?\s*(,|$)/i.test(lines[0] ?? '')) return { type: 'text/csv', count: lines.length - 1 };
  return { type: 'text/plain', count: lines.length };
}

function jsonKeys(text: string): number {
  try {
    const value = JSON.parse(text) as unknown;
    const list = Array.isArray(value) ? value : (value as { keys?: unknown }).keys;
    return Array.isArray(list) ? list.length : 0;
  } catch {
    return 0;
  }
}

/** The API takes {keys: [...]}; a bare array is put into one. */
export function importBody(text: string, type: KeySource['type']): string {
  return type === 'application/json' && text.trimStart().replace(/^\uFEFF/, '').startsWith('[') ? `{"keys":${text.trim().replace(/^\uFEFF/, '')}}` : text;
}
