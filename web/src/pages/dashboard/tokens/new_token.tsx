// A new token, shown this once: to be copied, with a line that shows how it is used.
import { CopyButton, Button } from '../../../design/button';
import { Dialog } from '../../../design/dialog';
import { Code, Notice } from '../../../design/surface';
import { messages } from '../../../i18n/language';

const text = messages({ title: (name: string) => `The token for “${name}”`, once: 'Copy it now: it is shown this once and cannot be read again.', done: 'I have copied it', use: 'Use it', token: 'the token' },
  { title: (name: string) => `“${name}”的令牌`, once: '请立即复制：令牌只显示这一次，之后无法再查看。', done: '我已复制', use: '使用方法', token: '令牌' });

export function NewToken({ name, token, provider, onClose }: { name: string; token: string; provider: string; onClose: () => void }) {
  const words = text();
  const path = provider === 'ollama' ? '/v1/models' : `/${provider}/v1/models`;
  return (
    <Dialog leaving="by_button" title={words.title(name)} onClose={onClose} foot={<Button kind="primary" onClick={onClose}>{words.done}</Button>}>
      <div class="stack">
        <Notice tone="warn">{words.once}</Notice>
        <div class="secret"><code>{token}</code><CopyButton value={token} label={words.token} wordy /></div>
        <div class="stack-tight"><h3>{words.use}</h3><Code label={words.use}>{`curl ${location.origin}${path} \\\n  -H "Authorization: Bearer ${token}"`}</Code></div>
      </div>
    </Dialog>
  );
}
