// What is done to the whole pool: asking the provider about the keys, and writing all of them to a file.
import { useState } from 'preact/hooks';
import * as admin from '../../../api/admin';
import { Button } from '../../../design/button';
import { Dialog } from '../../../design/dialog';
import { errorWords, Notice } from '../../../design/surface';
import { showToast } from '../../../design/toast';
import { formatNumber } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { hrefOf } from '../place';

const text = messages({
  check: 'Check keys', checking: (n: string) => `Checked ${n}…`, checked: (n: string, usable: string, total: string) => `Checked ${n} keys; ${usable} of ${total} can serve.`, stop: 'Stop',
  export: 'Export…', exportTitle: 'Export all keys', exportNote: 'The file holds every key in full. Keep it where only you can read it; the export is written to the audit log.', csv: 'Download CSV', json: 'Download JSON', import: 'Import',
}, {
  check: '检查密钥', checking: (n: string) => `已检查 ${n} 个…`, checked: (n: string, usable: string, total: string) => `已检查 ${n} 个密钥；${total} 个中有 ${usable} 个可用。`, stop: '停止',
  export: '导出…', exportTitle: '导出全部密钥', exportNote: '文件包含完整密钥。请妥善保管；导出会记入审计日志。', csv: '下载 CSV', json: '下载 JSON', import: '导入',
});

const tell = (error: unknown) => {
  const { title, note } = errorWords(error);
  showToast(`${title}: ${note}`, { tone: 'bad' });
};

function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function ExportDialog({ provider, onClose }: { provider: string; onClose: () => void }) {
  const [busy, setBusy] = useState<'csv' | 'json' | null>(null);
  const words = text();
  const save = async (format: 'csv' | 'json') => {
    setBusy(format);
    try {
      saveFile(await admin.exportKeys(provider, format), `keys-${provider}.${format}`);
      onClose();
    } catch (error) {
      tell(error);
    }
    setBusy(null);
  };
  return (
    <Dialog title={words.exportTitle} onClose={onClose} foot={<><Button icon="download" busy={busy === 'json'} disabled={busy !== null} onClick={() => void save('json')}>{words.json}</Button><Button icon="download" kind="primary" busy={busy === 'csv'} disabled={busy !== null} onClick={() => void save('csv')}>{words.csv}</Button></>}>
      <Notice tone="warn">{words.exportNote}</Notice>
    </Dialog>
  );
}

export function PoolActions({ provider, onChecked }: { provider: string; onChecked: () => void }) {
  const [checked, setChecked] = useState<number | null>(null);
  const [isExporting, setExporting] = useState(false);
  const words = text();
  const check = async () => {
    setChecked(0);
    try {
      let cursor: string | null = null;
      let sum = 0;
      for (;;) {
        const answer: admin.HealthCheck = await admin.checkKeys(provider, { cursor });
        sum += answer.checked;
        setChecked(sum);
        cursor = answer.cursor ?? null;
        if (cursor !== null) continue;
        showToast(words.checked(formatNumber(sum), formatNumber(answer.usable), formatNumber(answer.total)));
        break;
      }
    } catch (error) {
      tell(error);
    }
    setChecked(null);
    onChecked();
  };
  return (
    <>
      <Button icon="refresh" busy={checked !== null} onClick={() => void check()}>{checked === null ? words.check : words.checking(formatNumber(checked))}</Button>
      <Button icon="download" onClick={() => setExporting(true)}>{words.export}</Button>
      <a class="button primary" href={hrefOf('import')}>{words.import}</a>
      {isExporting && <ExportDialog provider={provider} onClose={() => setExporting(false)} />}
    </>
  );
}
