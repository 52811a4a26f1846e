// An export of many keys comes in parts, each a whole file of its own that says where the next begins. Here they become one file. Text
// in, text out; the keys' rows are not read but taken as they are.

export type ExportFormat = 'csv' | 'json';

/** The rows of a part, CSV lines or JSON members, and where the next part begins. */
export interface ExportPart { rows: string; next: string | null }

const kCsvHead = 'key,username,expires_at,status,created_at,id\n';
const kCsvMore = /# more: \?after=([0-9a-f]{16})\n$/;
const kJsonHead = /^\{"provider":"[^"]*","keys":\[/;
const kJsonEnd = /\n?\],"count":\d+,"next":(?:null|"([0-9a-f]{16})")\}\s*$/;

export function readPart(format: ExportFormat, text: string): ExportPart {
  const head = format === 'csv' ? (text.startsWith(kCsvHead) ? kCsvHead : undefined) : kJsonHead.exec(text)?.[0];
  const end = (format === 'csv' ? kCsvMore : kJsonEnd).exec(text.slice(-200));
  // A file that was cut must not pass for whole.
  if (head === undefined || (format === 'json' && !end)) throw new Error('the export ended too early');
  return { rows: text.slice(head.length, text.length - (end?.[0].length ?? 0)), next: end?.[1] ?? null };
}

export function joinParts(format: ExportFormat, provider: string, parts: string[]): Blob {
  if (format === 'csv') return new Blob([kCsvHead, ...parts], { type: 'text/csv;charset=utf-8' });
  const rows = parts.filter((part) => part !== '');
  const commas = rows.flatMap((part, index) => (index === 0 ? [part] : [',', part]));
  return new Blob([`{"provider":${JSON.stringify(provider)},"keys":[`, ...commas, '\n]}\n'], { type: 'application/json' });
}
