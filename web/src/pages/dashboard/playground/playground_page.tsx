// The playground: a prompt through the pool as a client would send it, in any dialect, streamed, with what the pool says about it.
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../../../api/client';
import { useResource } from '../../../api/resource';
import { Button } from '../../../design/button';
import { Check, Field, Segmented, TextField } from '../../../design/field';
import { Badge, Card, Code, errorWords, Notice } from '../../../design/surface';
import { Tabs } from '../../../design/tabs';
import { formatMilliseconds, formatNumber } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { recall, remember } from '../../../i18n/remembered';
import { hrefOf, provider } from '../place';
import { PageHead } from '../words';
import { useExchange, type Exchange } from './conversation';
import { curlOf, dialectsOf, type Dialect } from './dialects';

const kTokenName = 'edgepool.playground';
const kMaxTokens = 1024;

const text = messages({
  title: 'Playground', note: 'Sends a prompt as a client would: with a client token, through the whole pool. It counts, and it costs what it costs.', token: 'Client token', tokenHint: 'Kept until this tab is closed.', make: 'Create one', model: 'Model', dialect: 'API', openai: 'OpenAI', anthropic: 'Anthropic', ollama: 'Ollama', system: 'System prompt', prompt: 'Prompt', stream: 'Stream the answer', send: 'Send', stop: 'Stop',
  answer: 'Answer', rawTab: 'As received', curlTab: 'As curl', waiting: 'Waiting for the first piece…', nothing: 'The answer appears here.', thinking: 'Thinking', first: 'first piece', total: 'in all', pieces: (n: string) => `${n} pieces`, tokens: 'tokens', key: 'key', attempts: 'attempts', cut: 'The answer ended with an error', hello: 'Say hello in three languages.', view: 'View', needed: 'A client token, a model and a prompt are needed.',
}, {
  title: '试用', note: '像客户端一样发送提示：使用客户端令牌，经过整个密钥池。会计入统计，也会产生相应费用。', token: '客户端令牌', tokenHint: '保留到关闭标签页为止。', make: '创建一个', model: '模型', dialect: 'API', openai: 'OpenAI', anthropic: 'Anthropic', ollama: 'Ollama', system: '系统提示', prompt: '提示', stream: '流式输出', send: '发送', stop: '停止',
  answer: '回答', rawTab: '原始内容', curlTab: 'curl 形式', waiting: '等待首个片段…', nothing: '回答会显示在这里。', thinking: '思考', first: '首个片段', total: '总计', pieces: (n: string) => `${n} 个片段`, tokens: 'Token', key: '密钥', attempts: '尝试', cut: '回答因错误而中断', hello: '用三种语言打个招呼。', view: '查看', needed: '需要客户端令牌、模型和提示。',
});

interface ModelList { data?: { id: string }[] }

function Facts({ exchange }: { exchange: Exchange }) {
  const words = text();
  const header = (name: string) => exchange.headers.find(([known]) => known === name)?.[1];
  const key = header('x-pool-key');
  return (
    <div class="row small" role="status">
      {exchange.firstByte_ms !== null && <Badge plain>{words.first} {formatMilliseconds(exchange.firstByte_ms)}</Badge>}
      {exchange.total_ms !== null && <Badge plain>{words.total} {formatMilliseconds(exchange.total_ms)}</Badge>}
      {exchange.pieces > 1 && <Badge plain>{words.pieces(formatNumber(exchange.pieces))}</Badge>}
      {exchange.usage && <Badge plain>{exchange.usage} {words.tokens}</Badge>}
      {key && <a class="badge plain accent" href={hrefOf('keys', key)}>{words.key} {key}</a>}
      {header('x-pool-attempts') && <Badge plain>{words.attempts} {header('x-pool-attempts')}</Badge>}
    </div>
  );
}

function Answer({ exchange }: { exchange: Exchange }) {
  const words = text();
  const failure = exchange.error ? errorWords(exchange.error) : null;
  return (
    <div class="stack">
      {exchange.thinking && <details class="thinking"><summary>{words.thinking}</summary><p class="answer muted"><bdi>{exchange.thinking}</bdi></p></details>}
      {exchange.text ? <p class="answer" dir="auto" aria-live="polite" aria-busy={exchange.isRunning}>{exchange.text}{exchange.isRunning && <span class="caret" aria-hidden="true" />}</p> : !failure && <p class="muted">{exchange.isRunning ? words.waiting : words.nothing}</p>}
      {failure && <Notice tone="bad" live><strong>{exchange.text ? words.cut : failure.title}</strong><div class="small break">{failure.note}</div></Notice>}
    </div>
  );
}

export function Page() {
  const id = provider.value;
  const words = text();
  const [token, setToken] = useState(recall(kTokenName, () => sessionStorage) ?? '');
  const [dialect, setDialect] = useState<Dialect>('openai');
  const [model, setModel] = useState(id === 'ollama' ? 'gpt-oss:20b' : 'openai/gpt-4o-mini');
  const [system, setSystem] = useState('');
  const [prompt, setPrompt] = useState(words.hello);
  const [isStreamed, setStreamed] = useState(true);
  const [view, setView] = useState<'answer' | 'raw' | 'curl'>('answer');
  const [isIncomplete, setIncomplete] = useState(false);
  const { exchange, send, stop } = useExchange();
  const models = useResource(`models ${id}`, (signal) => ask<ModelList>(id === 'ollama' ? '/v1/models' : `/${id}/v1/models`, { signal, token: token || null }));
  useEffect(() => remember(kTokenName, token || null, () => sessionStorage), [token]);
  useEffect(() => stop, []);
  const asked = { provider: id, dialect, model: model.trim(), system: system.trim(), prompt, maxTokens: kMaxTokens, isStreamed };
  const submit = (event?: Event) => {
    event?.preventDefault();
    const isReady = token.trim() !== '' && model.trim() !== '' && prompt.trim() !== '';
    setIncomplete(!isReady);
    if (!isReady) return;
    setView('answer');
    void send(asked, token.trim());
  };
  return (
    <>
      <PageHead title={words.title} note={words.note} />
      <div class="playground">
        <Card>
          <form class="stack" onSubmit={submit} onKeyDown={(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event); }}>
            <TextField label={words.token} type="password" autocomplete="off" value={token} onValue={setToken} hint={<>{words.tokenHint} <a href={hrefOf('tokens')}>{words.make}</a></>} />
            <div class="field"><span class="field-label" id="dialect-label">{words.dialect}</span><Segmented label={words.dialect} value={dialect} onValue={setDialect} options={dialectsOf(id).map((name) => [name, words[name]] as const)} /></div>
            <TextField label={words.model} value={model} onValue={setModel} mono list="known-models" />
            <datalist id="known-models">{(models.data?.data ?? []).slice(0, 500).map((row) => <option key={row.id} value={row.id} />)}</datalist>
            <Field label={words.system}>{(ids) => <textarea {...ids} class="input short" rows={2} value={system} onInput={(event) => setSystem(event.currentTarget.value)} />}</Field>
            <Field label={words.prompt}>{(ids) => <textarea {...ids} class="input" rows={4} dir="auto" value={prompt} onInput={(event) => setPrompt(event.currentTarget.value)} />}</Field>
            {isIncomplete && <Notice tone="warn" live>{words.needed}</Notice>}
            <div class="row-apart"><Check checked={isStreamed} onValue={setStreamed}>{words.stream}</Check><div class="row"><kbd>Ctrl ⏎</kbd>{exchange.isRunning ? <Button onClick={stop}>{words.stop}</Button> : <Button kind="primary" type="submit" icon="play">{words.send}</Button>}</div></div>
          </form>
        </Card>
        <Card>
          <Tabs label={words.view} current={view} onChange={setView} tabs={[['answer', words.answer], ['raw', words.rawTab], ['curl', words.curlTab]]}>
            {view === 'answer' && <div class="stack"><Facts exchange={exchange} /><Answer exchange={exchange} /></div>}
            {view === 'raw' && (exchange.raw ? <Code label={words.rawTab}>{exchange.raw}</Code> : <p class="muted">{words.nothing}</p>)}
            {view === 'curl' && <Code label={words.curlTab}>{curlOf(location.origin, asked)}</Code>}
          </Tabs>
        </Card>
      </div>
    </>
  );
}
