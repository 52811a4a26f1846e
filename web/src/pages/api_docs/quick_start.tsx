// The first request in the reader's own dialect, provider and language, with this deployment's address in it.
import { useState } from 'preact/hooks';
import { providerName } from '../../api/providers';
import { Segmented } from '../../design/field';
import { Card, Code, Skeleton } from '../../design/surface';
import { Tabs } from '../../design/tabs';
import { messages } from '../../i18n/language';
import { routesOf, withThisHost, type ApiDocument, type Sample } from './document';

const text = messages({
  title: 'First request', note: 'Take your own client library; change the base URL and the key.', dialect: 'Dialect', provider: 'Provider', language: 'Language', install: 'Install',
  only: 'Ollama’s own API is Ollama Cloud’s alone.',
}, {
  title: '第一个请求', note: '使用你熟悉的客户端库，只改 base URL 和密钥。', dialect: '协议', provider: '服务商', language: '语言', install: '安装',
  only: 'Ollama 原生 API 只适用于 Ollama Cloud。',
});

const kDialects = { openai: ['OpenAI', 'createChatCompletion'], anthropic: ['Anthropic', 'createMessage'], ollama: ['Ollama', 'ollamaChat'] } as const;
type Dialect = keyof typeof kDialects;
const kLanguages = [['bash', 'curl'], ['python', 'Python'], ['javascript', 'JavaScript']] as const;
type ProgramLanguage = (typeof kLanguages)[number][0];
const kPackages: Record<Dialect, Record<ProgramLanguage, string>> = {
  openai: { bash: '', python: 'pip install openai', javascript: 'npm install openai' },
  anthropic: { bash: '', python: 'pip install anthropic', javascript: 'npm install @anthropic-ai/sdk' },
  ollama: { bash: '', python: 'pip install ollama', javascript: 'npm install ollama' },
};

function samplesOf(document: ApiDocument, dialect: Dialect): Sample[] {
  return routesOf(document).find(({ operation }) => operation.operationId === kDialects[dialect][1])?.operation['x-code-samples'] ?? [];
}

export function QuickStart({ document }: { document: ApiDocument | null }) {
  const words = text();
  const [dialect, setDialect] = useState<Dialect>('openai');
  const [provider, setProvider] = useState('ollama');
  const [programLanguage, setProgramLanguage] = useState<ProgramLanguage>('bash');
  const samples = document ? samplesOf(document, dialect) : [];
  const providers = [...new Set(samples.map((sample) => sample.provider ?? ''))];
  const chosen = providers.includes(provider) ? provider : providers[0];
  const sample = samples.find((one) => one.provider === chosen && one.lang === programLanguage);
  const install = kPackages[dialect][programLanguage];
  return (
    <Card title={words.title} note={words.note}>
      <div class="stack">
        <div class="row choices">
          <Segmented label={words.dialect} options={Object.entries(kDialects).map(([id, [name]]) => [id as Dialect, name] as const)} value={dialect} onValue={setDialect} />
          {providers.length > 1 ? <Segmented label={words.provider} options={providers.map((id) => [id, providerName(id)] as const)} value={chosen ?? ''} onValue={setProvider} /> : document && <span class="small faint">{words.only}</span>}
        </div>
        <Tabs label={words.language} tabs={kLanguages} current={programLanguage} onChange={setProgramLanguage}>
          <div class="stack-tight">
            {install && <Code label={words.install}>{install}</Code>}
            {sample ? <Code label={sample.label}>{withThisHost(sample.source.trimEnd())}</Code> : <Skeleton lines={6} />}
          </div>
        </Tabs>
      </div>
    </Card>
  );
}
