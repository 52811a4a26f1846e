// A model's name as clients wrote it: any text at all. Isolated, so that right-to-left or control characters in it move nothing outside of
// it; invisible ones are shown as what they are; cut at the end where there is no room, whole in the title.
import { messages } from '../i18n/language';

const text = messages({ none: '(no name)' }, { none: '(无名称)' });

// Control characters, zero-width ones, and those that turn the writing direction.
const kInvisible = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

export function visibleText(name: string): string {
  return name.replace(kInvisible, (found) => `⟨${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

export function ModelName({ name }: { name: string }) {
  const shown = visibleText(name);
  if (shown.trim() === '') return <span class="faint">{text().none}</span>;
  return <bdi class="mono model-name" title={shown}>{shown}</bdi>;
}
