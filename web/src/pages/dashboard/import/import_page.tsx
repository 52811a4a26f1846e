// Importing keys: pasted, or as a file that is dropped or chosen; its progress, and what came of it line by line.
import { useEffect, useRef, useState } from 'preact/hooks';
import * as admin from '../../../api/admin';
import { Button } from '../../../design/button';
import { Check, Field } from '../../../design/field';
import { Badge, Card, errorWords, Meter, Notice, Stat, Stats } from '../../../design/surface';
import { formatCompact, formatNumber } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { hrefOf, kProviders, provider } from '../place';
import { PageHead, reasonWords } from '../words';
import { importBody, keySource } from './key_source';

const kShownInPlace_chars = 200_000; // a larger file is not put into the text field: the browser would labour
const kShownFaults = 200;

const text = messages({
  title: 'Import keys', note: 'One key per line, CSV with the columns key, username, expires_at, or JSON. Keys that are already in the pool are left as they are; importing again changes nothing.', keys: 'Keys', placeholder: 'One key per line', drop: 'Drop a file here, or', choose: 'choose a file', into: (name: string) => `Into ${name}`,
  count: (n: string) => `About ${n} keys`, import: (n: string) => `Import ${n} keys`, importNone: 'Import', clear: 'Clear', file: (name: string, size: string) => `${name}, ${size} characters: too large to show, imported as it is.`, lines: 'Lines', json: 'JSON', csv: 'CSV',
  progress: 'Progress', done: (done: string, total: string) => `${done} of ${total}`, working: 'Importing…', stop: 'Stop', stopped: 'Stopped. What was imported until then stays; importing again goes on from there.', total: 'Read', added: 'Added', existing: 'Already there', duplicates: 'Repeated', invalid: 'Not accepted', finished: 'Import finished', again: 'Import more', see: 'See the keys', line: 'Line', reason: 'Why', first: (n: string) => `The first ${n} are shown.`, faults: 'Lines that were not accepted',
  validate: 'Ask the provider about each key first', validateHint: 'Slower, and costs no tokens: keys that it refuses are not kept.', valid: 'Known to the provider', refused: 'Refused by the provider', unknown: 'Not answered', unknownNote: 'Keys that the provider said nothing about stay out of service; import them again to ask again.', key: 'Key',
  unreadable: 'The file cannot be read.', failed: 'The import was interrupted', safe: 'Nothing is imported twice: start it again and it goes on.',
}, {
  title: '导入密钥', note: '每行一个密钥，或含 key、username、expires_at 列的 CSV，或 JSON。已在池中的密钥保持不变；重复导入不会产生影响。', keys: '密钥', placeholder: '每行一个密钥', drop: '将文件拖到此处，或', choose: '选择文件', into: (name: string) => `导入到 ${name}`,
  count: (n: string) => `约 ${n} 个密钥`, import: (n: string) => `导入 ${n} 个密钥`, importNone: '导入', clear: '清空', file: (name: string, size: string) => `${name},${size} 个字符：过大不便显示，将按原样导入。`, lines: '逐行', json: 'JSON', csv: 'CSV',
  progress: '进度', done: (done: string, total: string) => `${done} / ${total}`, working: '正在导入…', stop: '停止', stopped: '已停止。此前导入的内容会保留；再次导入即可继续。', total: '读取', added: '新增', existing: '已存在', duplicates: '重复', invalid: '未接受', finished: '导入完成', again: '继续导入', see: '查看密钥', line: '行', reason: '原因', first: (n: string) => `仅显示前 ${n} 条。`, faults: '未接受的行',
  validate: '先向提供方核对每个密钥', validateHint: '较慢，但不消耗 Token；被拒绝的密钥不会保留。', valid: '提供方认可', refused: '被提供方拒绝', unknown: '未得到答复', unknownNote: '提供方未答复的密钥保持停用；再次导入即可重新核对。', key: '密钥',
  unreadable: '无法读取文件。', failed: '导入中断', safe: '不会重复导入：重新开始即可继续。',
});

type Phase = { name: 'editing' } | { name: 'running'; progress: admin.ImportProgress | null } | { name: 'finished'; result: admin.ImportResult };

function Running({ progress, onStop }: { progress: admin.ImportProgress | null; onStop: () => void }) {
  const words = text();
  const share = progress && progress.total > 0 ? progress.done / progress.total : 0;
  return (
    <Card title={words.working} actions={<Button size="small" onClick={onStop}>{words.stop}</Button>}>
      <div class="stack" role="status">
        {progress ? <Meter share={share} label={words.progress} /> : <div class="meter indeterminate" role="progressbar" aria-label={words.progress}><span /></div>}
        {progress && <div class="row-apart muted small number"><span>{words.done(formatNumber(progress.done), formatNumber(progress.total))}</span><span>{words.added} {formatNumber(progress.added)} · {words.existing} {formatNumber(progress.existing)} · {words.invalid} {formatNumber(progress.invalid)}</span></div>}
      </div>
    </Card>
  );
}

function Validated({ validation }: { validation: admin.Validation }) {
  const words = text();
  return (
    <>
      <Stats><Stat label={words.valid} value={formatNumber(validation.valid)} /><Stat label={words.refused} value={formatNumber(validation.refused.length)} /><Stat label={words.unknown} value={formatNumber(validation.unknown)} /></Stats>
      {validation.unknown > 0 && <Notice tone="warn">{words.unknownNote}</Notice>}
      {validation.refused.length > 0 && (
        <Card title={words.refused} flush>
          <div class="table-scroll fault-lines" tabIndex={0} role="region" aria-label={words.refused}>
            <table class="table"><thead><tr><th scope="col">{words.key}</th><th scope="col">{words.reason}</th></tr></thead><tbody>{validation.refused.slice(0, kShownFaults).map((row) => <tr key={row.id}><td class="mono">{row.id}</td><td>{row.reason ? reasonWords(row.reason) : '–'}</td></tr>)}</tbody></table>
          </div>
        </Card>
      )}
    </>
  );
}

function Finished({ result, onAgain }: { result: admin.ImportResult; onAgain: () => void }) {
  const words = text();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const faults = result.invalid.slice(0, kShownFaults);
  const { validation } = result;
  const invalid = result.invalidCount ?? result.invalid.length;
  return (
    <div class="stack">
      <div class="row-apart"><h2 ref={heading} tabIndex={-1}>{words.finished}</h2><div class="row"><Button onClick={onAgain}>{words.again}</Button><a class="button primary" href={hrefOf('keys')}>{words.see}</a></div></div>
      <Stats><Stat label={words.total} value={formatNumber(result.total)} /><Stat label={words.added} value={formatNumber(result.added)} /><Stat label={words.existing} value={formatNumber(result.existing)} /><Stat label={words.duplicates} value={formatNumber(result.duplicates)} /><Stat label={words.invalid} value={formatNumber(invalid)} /></Stats>
      {validation && <Validated validation={validation} />}
      {faults.length > 0 && (
        <Card title={words.faults} note={invalid > faults.length ? words.first(formatNumber(faults.length)) : undefined} flush>
          <div class="table-scroll fault-lines" tabIndex={0} role="region" aria-label={words.faults}>
            <table class="table"><thead><tr><th scope="col">{words.line}</th><th scope="col">{words.reason}</th></tr></thead><tbody>{faults.map((fault) => <tr key={fault.line}><td class="number">{formatNumber(fault.line)}</td><td>{fault.reason}</td></tr>)}</tbody></table>
          </div>
        </Card>
      )}
    </div>
  );
}

export function Page() {
  const [content, setContent] = useState('');
  const [fileName, setFileName] = useState<string | null>(null);
  const [isOver, setOver] = useState(false);
  const [isValidated, setValidated] = useState(false);
  const [phase, setPhase] = useState<Phase>({ name: 'editing' });
  const [trouble, setTrouble] = useState<{ title: string; note: string } | null>(null);
  const running = useRef<AbortController | null>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const words = text();
  const source = keySource(content);
  const isLarge = content.length > kShownInPlace_chars;
  const kinds = { 'text/plain': words.lines, 'text/csv': words.csv, 'application/json': words.json };
  const into = kProviders.find(([id]) => id === provider.value)![1];
  useEffect(() => () => running.current?.abort(), []);

  const take = async (file: File | undefined) => {
    if (!file) return;
    try {
      setContent(await file.text());
      setFileName(file.name);
      setTrouble(null);
    } catch {
      setTrouble({ title: words.unreadable, note: file.name });
    }
  };
  const start = async () => {
    const mine = new AbortController();
    running.current = mine;
    setTrouble(null);
    setPhase({ name: 'running', progress: null });
    try {
      const send = isValidated ? admin.importValidated : admin.importKeys;
      const result = await send({ provider: provider.value, text: importBody(content, source.type), type: source.type, signal: mine.signal, onProgress: (progress) => setPhase({ name: 'running', progress }) });
      setContent('');
      setFileName(null);
      setPhase({ name: 'finished', result });
    } catch (error) {
      setPhase({ name: 'editing' });
      if (mine.signal.aborted) return setTrouble({ title: words.stopped, note: '' });
      setTrouble({ title: `${words.failed}: ${errorWords(error).title}`, note: `${errorWords(error).note} ${words.safe}` });
    }
  };

  if (phase.name === 'finished') return <><PageHead title={words.title} /><Finished result={phase.result} onAgain={() => setPhase({ name: 'editing' })} /></>;
  if (phase.name === 'running') return <><PageHead title={words.title} /><Running progress={phase.progress} onStop={() => running.current?.abort()} /></>;
  return (
    <>
      <PageHead title={words.title} note={words.note} />
      <div class="stack">
        {trouble && <Notice tone="bad" live><strong>{trouble.title}</strong>{trouble.note && <div class="small">{trouble.note}</div>}</Notice>}
        <Card>
          <form class="stack" onSubmit={(event) => { event.preventDefault(); void start(); }}>
            <div class={isOver ? 'drop over' : 'drop'} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={(event) => { event.preventDefault(); setOver(false); void take(event.dataTransfer?.files[0]); }}>
              {isLarge ? <Notice>{words.file(fileName ?? '', formatCompact(content.length))}</Notice> : (
                <Field label={words.keys}>{(ids) => <textarea {...ids} class="input mono" rows={12} spellcheck={false} autocomplete="off" placeholder={words.placeholder} value={content} onInput={(event) => { setContent(event.currentTarget.value); setFileName(null); }} />}</Field>
              )}
              <p class="muted small">{words.drop} <button type="button" class="link accent" onClick={() => chooser.current?.click()}>{words.choose}</button><input ref={chooser} type="file" hidden aria-label={words.choose} accept=".txt,.csv,.json,text/plain,text/csv,application/json" onChange={(event) => { void take(event.currentTarget.files?.[0]); event.currentTarget.value = ''; }} /></p>
            </div>
            <Check checked={isValidated} onValue={setValidated}>{words.validate}<div class="faint small">{words.validateHint}</div></Check>
            <div class="row-apart">
              <div class="row">{content.trim() !== '' && <><Badge plain tone="accent">{kinds[source.type]}</Badge><span class="muted number" aria-live="polite">{words.count(formatNumber(source.count))}</span></>}<span class="muted">{words.into(into)}</span></div>
              <div class="row">{content !== '' && <Button kind="quiet" onClick={() => { setContent(''); setFileName(null); }}>{words.clear}</Button>}<Button kind="primary" type="submit" icon="upload" disabled={content.trim() === ''}>{source.count > 0 ? words.import(formatNumber(source.count)) : words.importNone}</Button></div>
            </div>
          </form>
        </Card>
      </div>
    </>
  );
}
