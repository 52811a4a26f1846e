// The way from a bare worker to the first answer, step by step; each turns green by itself when it is done.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Health } from '../../api/public';
import { Button, CopyButton } from '../../design/button';
import { Icon } from '../../design/icon';
import { Badge, Card, Code } from '../../design/surface';
import { showToast } from '../../design/toast';
import { messages } from '../../i18n/language';
import { variableOf, type Step, type StepName, type StepState } from './setup_steps';

const text = messages({
  title: 'Set it up', note: 'Run the commands where you deploy from. This page looks by itself every few seconds.', done: 'Done', todo: 'To do', waiting: 'Checked later',
  schema: 'Make a database', schemaNote: 'Create a Supabase project (the free plan is enough) and run this file in its SQL editor. It can be run again, and it upgrades the tables of an older deployment in place.',
  copySql: 'Copy the SQL', downloadSql: 'Download schema.sql', copied: 'The SQL is on the clipboard', notCopied: 'The SQL could not be copied: download it instead',
  admin_token: 'Choose an admin token', adminNote: 'It opens the dashboard. This one was made in your browser just now; nobody else has seen it.', suggested: 'suggested admin token',
  rest_url: 'Say where the database is', restNote: 'Supabase → Project settings → Data API → URL, followed by /rest/v1. (DATABASE_URL alone will do where it names the project.)',
  service_key: 'Give it the service key', serviceNote: 'Supabase → Project settings → API keys → service_role, or a secret key. It never leaves the worker.',
  problems: 'Mend what does not parse',
  keys: 'Put your keys in', keysNote: 'In the dashboard: paste them or drop a file. Or by a command:', openDashboard: 'Open the dashboard',
  request: 'Make a client token and send a request', requestNote: 'Programs send this token, never a provider’s key. It is shown once.',
}, {
  title: '开始配置', note: '在部署所用的电脑上运行这些命令。页面每隔几秒会自动检查。', done: '已完成', todo: '待完成', waiting: '稍后检查',
  schema: '准备数据库', schemaNote: '创建一个 Supabase 项目（免费版即可），在它的 SQL 编辑器中运行此文件。可以重复运行，也会就地升级旧部署的表。',
  copySql: '复制 SQL', downloadSql: '下载 schema.sql', copied: 'SQL 已复制到剪贴板', notCopied: '无法复制 SQL，请改用下载',
  admin_token: '设置管理令牌', adminNote: '用它打开管理后台。下面这个是刚刚在你的浏览器里生成的，没有其他人看到过。', suggested: '建议的管理令牌',
  rest_url: '指定数据库地址', restNote: 'Supabase → Project settings → Data API → URL，末尾加上 /rest/v1。(如果 DATABASE_URL 含有项目名，只设置它也可以。)',
  service_key: '设置服务密钥', serviceNote: 'Supabase → Project settings → API keys → service_role，或 secret key。它只保存在 Worker 中。',
  problems: '修正无法解析的配置',
  keys: '导入密钥', keysNote: '在管理后台粘贴或拖入文件。也可以用命令：', openDashboard: '打开管理后台',
  request: '创建客户端令牌并发送请求', requestNote: '程序使用这个令牌，而不是服务商的密钥。令牌只显示一次。',
});

const kTones = { done: 'good', todo: 'warn', waiting: 'neutral' } as const;
const kTokenBytes = 24;

function randomToken(): string {
  return [...crypto.getRandomValues(new Uint8Array(kTokenBytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function SchemaActions() {
  const words = text();
  const [isBusy, setBusy] = useState(false);
  const copy = async () => {
    setBusy(true);
    try {
      const answer = await fetch('/schema.sql');
      if (!answer.ok) throw new Error(String(answer.status));
      await navigator.clipboard.writeText(await answer.text());
      showToast(words.copied);
    } catch {
      showToast(words.notCopied, { tone: 'bad' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="row">
      <Button icon="copy" busy={isBusy} onClick={() => void copy()}>{words.copySql}</Button>
      <a class="button" href="/schema.sql" download="schema.sql"><Icon name="download" />{words.downloadSql}</a>
    </div>
  );
}

function StepBody({ name, health }: { name: StepName; health: Health }) {
  const words = text();
  const [suggestion] = useState(randomToken);
  const secret = (note: string, extra?: ComponentChildren) => (
    <>
      <p class="muted">{note}</p>
      {extra}
      <Code label={words[name as 'rest_url']}>{`npx wrangler secret put ${variableOf(name)}`}</Code>
    </>
  );
  switch (name) {
    case 'schema': return <><p class="muted">{words.schemaNote}</p><SchemaActions />{health.configured && health.storage?.problem && <p class="small mono">{health.storage.problem}</p>}</>;
    case 'admin_token': return secret(words.adminNote, <div class="suggestion"><code>{suggestion}</code><CopyButton value={suggestion} label={words.suggested} /></div>);
    case 'rest_url': return secret(words.restNote);
    case 'service_key': return secret(words.serviceNote);
    case 'problems': return <ul>{health.problems?.map((problem) => <li key={problem} class="mono">{problem}</li>)}</ul>;
    case 'keys': return (
      <>
        <p class="muted">{words.keysNote}</p>
        <Code label={words.keys}>{`curl "${location.origin}/admin/api-keys/import?provider=ollama" \\\n  -H "Authorization: Bearer $ADMIN_TOKEN" \\\n  -H "Content-Type: text/plain" \\\n  --data-binary @keys.txt`}</Code>
        <div class="row"><a class="button primary" href="/dashboard">{words.openDashboard}</a></div>
      </>
    );
    case 'request': return (
      <>
        <p class="muted">{words.requestNote}</p>
        <Code label={words.request}>{`curl ${location.origin}/admin/tokens \\\n  -H "Authorization: Bearer $ADMIN_TOKEN" \\\n  -H "Content-Type: application/json" \\\n  -d '{"name": "my program"}'`}</Code>
        <Code label={words.request}>{`curl ${location.origin}/v1/chat/completions \\\n  -H "Authorization: Bearer $CLIENT_TOKEN" \\\n  -H "Content-Type: application/json" \\\n  -d '{"model": "gpt-oss:20b", "messages": [{"role": "user", "content": "Hello"}]}'`}</Code>
      </>
    );
  }
}

function StepMark({ state, number }: { state: StepState; number: number }) {
  return <span class={`step-mark ${state}`} aria-hidden="true">{state === 'done' ? <Icon name="check" /> : number}</span>;
}

export function SetupGuide({ steps, health }: { steps: Step[]; health: Health }) {
  const words = text();
  return (
    <Card title={words.title} note={words.note}>
      <ol class="steps">
        {steps.map(({ name, state }, i) => (
          <li key={name} class="step" data-step={name} data-state={state}>
            <StepMark state={state} number={i + 1} />
            <div class="stack-tight grow">
              <div class="row-apart"><h3>{words[name]}</h3><Badge tone={kTones[state]}>{words[state]}</Badge></div>
              {(state !== 'done' && (state === 'todo' || name === 'schema')) && <StepBody name={name} health={health} />}
            </div>
          </li>
        ))}
      </ol>
      <p class="visually-hidden" role="status">{`${steps.filter(({ state }) => state === 'done').length}/${steps.length}`}</p>
    </Card>
  );
}
