// Enabling, disabling and removing keys, one or many: with a question where it cannot be undone, with "undo" where it can.
import { useState } from 'preact/hooks';
import * as admin from '../../../api/admin';
import { Button } from '../../../design/button';
import { Confirm, Dialog } from '../../../design/dialog';
import { Field, TextField } from '../../../design/field';
import { errorWords, Notice } from '../../../design/surface';
import { showToast } from '../../../design/toast';
import { formatNumber } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import type { Choice } from './selection';

const text = messages({
  enable: 'Enable', disable: 'Disable…', remove: 'Delete…', undo: 'Undo', enabled: (n: string) => `${n} enabled`, disabled: (n: string) => `${n} disabled`, removed: (n: string) => `${n} deleted`, undone: 'Undone',
  removeTitle: (n: string) => (n === '1' ? 'Delete this key?' : `Delete ${n} keys?`), removeNote: 'The pool forgets them and their figures; requests in flight end as they are. This cannot be undone: keep a copy of the keys if you may need them again.', removeNow: 'Delete',
  disableTitle: (n: string) => (n === '1' ? 'Disable this key' : `Disable ${n} keys`), disableNow: 'Disable', cancel: 'Cancel', duration: 'For how long', reason: 'Reason', reasonHint: 'Shown beside the key. Optional.',
  always: 'Until enabled again', m15: '15 minutes', h1: '1 hour', h6: '6 hours', d1: '1 day', d7: '7 days',
}, {
  enable: '启用', disable: '停用…', remove: '删除…', undo: '撤销', enabled: (n: string) => `已启用 ${n} 个`, disabled: (n: string) => `已停用 ${n} 个`, removed: (n: string) => `已删除 ${n} 个`, undone: '已撤销',
  removeTitle: (n: string) => (n === '1' ? '要删除此密钥吗？' : `要删除 ${n} 个密钥吗？`), removeNote: '密钥及其统计会从池中移除；进行中的请求不受影响。此操作无法撤销：如可能再次需要，请先保存密钥。', removeNow: '删除',
  disableTitle: (n: string) => (n === '1' ? '停用此密钥' : `停用 ${n} 个密钥`), disableNow: '停用', cancel: '取消', duration: '时长', reason: '原因', reasonHint: '显示在密钥旁。可不填。',
  always: '直到再次启用', m15: '15 分钟', h1: '1 小时', h6: '6 小时', d1: '1 天', d7: '7 天',
});

const kDurations_s = [['always', 0], ['m15', 900], ['h1', 3600], ['h6', 21_600], ['d1', 86_400], ['d7', 604_800]] as const;

interface ActionProps { provider: string; chosen: Choice; onDone: (what: 'changed' | 'removed') => void; size?: 'small' | 'medium' }

/** Runs `work`; says what failed. Answers whether it went well. */
async function attempt(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const { title, note } = errorWords(error);
    showToast(`${title}: ${note}`, { tone: 'bad' });
    return false;
  }
}

function DisableDialog({ provider, chosen, onDone, onClose }: ActionProps & { onClose: () => void }) {
  const [duration_s, setDuration] = useState(0);
  const [reason, setReason] = useState('');
  const [isBusy, setBusy] = useState(false);
  const words = text();
  const ids = [...chosen.keys()];
  const run = async () => {
    setBusy(true);
    const wereActive = ids.filter((id) => chosen.get(id)!.status === 'active');
    const isDone = await attempt(async () => {
      const { changed } = await admin.disableKeys(provider, ids, duration_s, reason.trim());
      const undo = async () => {
        if (await attempt(async () => { await admin.enableKeys(provider, wereActive); })) showToast(words.undone);
        onDone('changed');
      };
      // Enabling would lift a bench, too: only what was in service goes back into it.
      showToast(words.disabled(formatNumber(changed)), wereActive.length === ids.length ? { action: { label: words.undo, run: () => void undo() } } : {});
    });
    setBusy(false);
    if (isDone) {
      onClose();
      onDone('changed');
    }
  };
  return (
    <Dialog title={words.disableTitle(formatNumber(ids.length))} onClose={onClose} foot={<><Button onClick={onClose}>{words.cancel}</Button><Button kind="primary" busy={isBusy} onClick={() => void run()}>{words.disableNow}</Button></>}>
      <div class="stack">
        <Field label={words.duration}>{(ids) => <select {...ids} class="input" value={String(duration_s)} onChange={(event) => setDuration(Number(event.currentTarget.value))}>{kDurations_s.map(([name, seconds]) => <option key={name} value={String(seconds)}>{words[name]}</option>)}</select>}</Field>
        <TextField label={words.reason} hint={words.reasonHint} value={reason} onValue={setReason} />
      </div>
    </Dialog>
  );
}

function RemoveDialog({ provider, chosen, onDone, onClose }: ActionProps & { onClose: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const words = text();
  const ids = [...chosen.keys()];
  const run = async () => {
    setBusy(true);
    const isDone = await attempt(async () => {
      const { removed } = await admin.removeKeys(provider, ids);
      showToast(words.removed(formatNumber(removed)));
    });
    setBusy(false);
    if (!isDone) return;
    onClose();
    onDone('removed');
  };
  return (
    <Confirm title={words.removeTitle(formatNumber(ids.length))} action={words.removeNow} danger busy={isBusy} onConfirm={() => void run()} onClose={onClose}>
      <Notice tone="warn">{words.removeNote}</Notice>
    </Confirm>
  );
}

export function KeyActions({ size = 'small', ...props }: ActionProps) {
  const { provider, chosen, onDone } = props;
  const [asked, setAsked] = useState<'disable' | 'remove' | null>(null);
  const [isBusy, setBusy] = useState(false);
  const words = text();
  const ids = [...chosen.keys()];
  const enable = async () => {
    setBusy(true);
    const wereDisabled = ids.every((id) => chosen.get(id)!.status === 'disabled' && chosen.get(id)!.until === null);
    await attempt(async () => {
      const { changed } = await admin.enableKeys(provider, ids);
      const undo = async () => {
        if (await attempt(async () => { await admin.disableKeys(provider, ids, 0, ''); })) showToast(words.undone);
        onDone('changed');
      };
      showToast(words.enabled(formatNumber(changed)), wereDisabled ? { action: { label: words.undo, run: () => void undo() } } : {});
    });
    setBusy(false);
    onDone('changed');
  };
  return (
    <>
      <Button size={size} busy={isBusy} onClick={() => void enable()}>{words.enable}</Button>
      <Button size={size} icon="pause" onClick={() => setAsked('disable')}>{words.disable}</Button>
      <Button size={size} icon="trash" kind="danger" onClick={() => setAsked('remove')}>{words.remove}</Button>
      {asked === 'disable' && <DisableDialog {...props} onClose={() => setAsked(null)} />}
      {asked === 'remove' && <RemoveDialog {...props} onClose={() => setAsked(null)} />}
    </>
  );
}
