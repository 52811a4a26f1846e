// /api-docs: where the API is, the first request in every dialect, and every route of openapi.json; the interactive explorer on demand.
import { useResource } from '../../api/resource';
import { ErrorState } from '../../design/surface';
import { messages } from '../../i18n/language';
import { Site } from '../../shell/site';
import { startPage } from '../../shell/start';
import './api_docs.css';
import { Basics } from './basics';
import { loadDocument } from './document';
import { Explorer } from './explorer';
import { QuickStart } from './quick_start';
import { groupAnchor, groupName, Reference } from './reference';

const text = messages({
  title: 'API documentation', lead: 'One API in three dialects: OpenAI’s, Anthropic’s and Ollama’s own, in front of Ollama Cloud and OpenRouter.', contents: 'On this page', start: 'First request', addresses: 'Base URLs and tokens', explorer: 'Try it', routes: 'Routes', english: '',
}, {
  title: 'API 文档', lead: '一套 API，三种协议：OpenAI、Anthropic 与 Ollama 原生协议，后端为 Ollama Cloud 和 OpenRouter。', contents: '本页内容', start: '第一个请求', addresses: '地址与令牌', explorer: '在线调试', routes: '接口', english: '接口的详细说明为英文。',
});

function Page() {
  const words = text();
  const { data, error, reload } = useResource('openapi', loadDocument);
  return (
    <Site page="docs">
      <div class="docs">
        <nav class="contents" aria-label={words.contents}>
          <ul>
            <li><a href="#start">{words.start}</a></li>
            <li><a href="#basics">{words.addresses}</a></li>
            <li><a href="#explorer">{words.explorer}</a></li>
            <li><a href="#routes">{words.routes}</a>{data && <ul>{data.tags.map(({ name }) => <li key={name}><a href={`#${groupAnchor(name)}`}>{groupName(name)}</a></li>)}</ul>}</li>
          </ul>
        </nav>
        <div class="stack docs-body">
          <div><h1>{words.title}</h1><p class="lead">{words.lead}</p>{words.english && <p class="small faint">{words.english}</p>}</div>
          {error && !data ? <div class="card"><ErrorState level={2} error={error} onRetry={() => void reload()} /></div> : <div id="start"><QuickStart document={data} /></div>}
          <div id="basics" class="stack"><Basics /></div>
          <div id="explorer"><Explorer /></div>
          {!(error && !data) && <Reference document={data} />}
        </div>
      </div>
    </Site>
  );
}

startPage(<Page />, () => `${text().title} · edgepool`);
