// What this is and where to go, for somebody who opens the address for the first time; and what pooling keys is not.
import { useState } from 'preact/hooks';
import { Segmented } from '../../design/field';
import { Icon, type IconName } from '../../design/icon';
import { Card, Code } from '../../design/surface';
import { messages } from '../../i18n/language';

const text = messages({
  useTitle: 'Change the base URL. Nothing else.', useNote: 'Your program keeps its client library and its dialect; the key becomes a client token of this pool.', dialect: 'Dialect', more: 'All examples and routes',
  whatTitle: 'What it does',
  failover: 'Moves on when a key fails', failoverNote: 'A refusal, a spent quota or a broken stream moves the request to the next healthy key before your program sees a byte.',
  bytes: 'Byte for byte', bytesNote: 'Bodies and streams pass as they are, in OpenAI’s, Anthropic’s and Ollama’s own dialect.',
  once: 'Counts once', onceNote: 'Requests, tokens and cost are counted exactly once per key, token, model and hour.',
  blame: 'Blames rightly', blameNote: 'A provider’s outage benches no key; every bench has a reason, an end and its evidence.',
  poolTitle: 'What pooling does and does not do',
  poolTerms: 'Keys cost money and accounts have owners: read each provider’s terms before pooling.',
  poolRouter: 'OpenRouter: more keys or accounts do not raise its rate limits. A pool there serves budgets per key, isolation between programs, and several accounts that rightly exist.',
  poolOllama: 'Ollama Cloud: limits belong to the account, so several keys of one account share them.',
  poolHonest: 'edgepool disguises nobody: the client’s user agent and attribution pass as they are, and a refusal that is the prompt’s fault goes back to whoever sent it.',
}, {
  useTitle: '只改 base URL，其他都不用动', useNote: '程序保留原来的客户端库和协议，密钥换成这里的客户端令牌。', dialect: '协议', more: '全部示例与接口',
  whatTitle: '它做什么',
  failover: '密钥失效自动切换', failoverNote: '被拒绝、额度用尽或数据流中断时，在程序收到第一个字节之前就换到下一个健康的密钥。',
  bytes: '逐字节转发', bytesNote: '请求体与数据流原样通过，支持 OpenAI、Anthropic 和 Ollama 原生协议。',
  once: '只计一次', onceNote: '请求、token 与费用按密钥、令牌、模型和小时精确统计，不重不漏。',
  blame: '归因准确', blameNote: '服务商故障不会处罚密钥；每次停用都有原因、期限和证据。',
  poolTitle: '密钥池能做什么，不能做什么',
  poolTerms: '密钥关系到费用，账号各有其主：使用前请阅读各服务商的条款。',
  poolRouter: 'OpenRouter:增加密钥或账号不会提高速率上限。密钥池的作用是按密钥管理预算、隔离不同程序，以及统一使用多个正当拥有的账号。',
  poolOllama: 'Ollama Cloudï¼额度属于账号，同一账号的多个密钥共享额度。',
  poolHonest: 'edgepool 不做任何伪装：客户端的 User-Agent 和归属信息原样传递；由提示词引起的拒绝会如实返回给发送者。',
});

const kDialects = ['openai', 'anthropic', 'ollama'] as const;
type Dialect = (typeof kDialects)[number];
const kDialectNames: Record<Dialect, string> = { openai: 'OpenAI', anthropic: 'Anthropic', ollama: 'Ollama' };

function exampleOf(dialect: Dialect): string {
  const host = location.origin;
  switch (dialect) {
    case 'openai': return `client = OpenAI(\n    base_url="${host}/v1",   # ${host}/openrouter/v1 for OpenRouter\n    api_key=os.environ["CLIENT_TOKEN"],\n)`;
    case 'anthropic': return `client = Anthropic(\n    base_url="${host}",   # ${host}/openrouter for OpenRouter\n    api_key=os.environ["CLIENT_TOKEN"],\n)`;
    case 'ollama': return `client = Client(\n    host="${host}",\n    headers={"Authorization": "Bearer " + os.environ["CLIENT_TOKEN"]},\n)`;
  }
}

export function UseIt() {
  const words = text();
  const [dialect, setDialect] = useState<Dialect>('openai');
  return (
    <Card title={words.useTitle} note={words.useNote} actions={<Segmented label={words.dialect} options={kDialects.map((one) => [one, kDialectNames[one]] as const)} value={dialect} onValue={setDialect} />}>
      <div class="stack-tight">
        <Code label={kDialectNames[dialect]}>{exampleOf(dialect)}</Code>
        <a class="more" href="/api-docs">{words.more}<Icon name="arrow" /></a>
      </div>
    </Card>
  );
}

export function About() {
  const words = text();
  const parts: [IconName, string, string][] = [['route', words.failover, words.failoverNote], ['copy', words.bytes, words.bytesNote], ['scale', words.once, words.onceNote], ['key', words.blame, words.blameNote]];
  return (
    <>
      <section aria-label={words.whatTitle}>
        <h2>{words.whatTitle}</h2>
        <ul class="parts">{parts.map(([icon, title, note]) => <li key={title}><span class="part-icon"><Icon name={icon} size={18} /></span><div><h3>{title}</h3><p class="muted">{note}</p></div></li>)}</ul>
      </section>
      <Card title={words.poolTitle}>
        <ul class="prose">{[words.poolTerms, words.poolRouter, words.poolOllama, words.poolHonest].map((sentence) => <li key={sentence}>{sentence}</li>)}</ul>
      </Card>
    </>
  );
}
