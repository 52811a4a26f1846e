// One route: its line in the list, and unfolded what it takes, what it answers, and examples.
import { useState } from 'preact/hooks';
import { Segmented } from '../../design/field';
import { Badge, Code } from '../../design/surface';
import { messages } from '../../i18n/language';
import { resolve, withThisHost, type Answer, type ApiDocument, type Route } from './document';
import { InlineProse, Prose } from './prose';
import { Members } from './schema_view';

const text = messages({
  prefixes: 'Under', token: 'Token', client: 'client token', admin: 'admin token', none: 'none', parameters: 'Parameters', body: 'Body', answers: 'Answers', examples: 'Examples',
  required: 'required', optional: 'optional', older: 'older name', headers: 'Headers', schema: 'Members', link: 'Link to this route', answer: 'Which answer', sample: 'Which example',
}, {
  prefixes: '前缀', token: '令牌', client: '客户端令牌', admin: '管理令牌', none: '不需要', parameters: '参数', body: '请求体', answers: '应答', examples: '示例',
  required: '必填', optional: '可选', older: '旧名称', headers: '响应头', schema: '字段', link: '此接口的链接', answer: '选择应答', sample: '选择示例',
});

export const anchorOf = (route: Route): string => `route-${route.operation.operationId}`;

const nameOf = (route: Route): string => `${route.method} ${route.path}`;
const asText = (example: unknown): string => (typeof example === 'string' ? example : JSON.stringify(example, null, 2));

function tokenOf(route: Route): string {
  const words = text();
  const schemes = (route.operation.security ?? [{ clientToken: [] }]).flatMap((scheme) => Object.keys(scheme));
  if (schemes.length === 0) return words.none;
  return schemes.some((scheme) => scheme.startsWith('admin')) ? words.admin : words.client;
}

function Samples({ route }: { route: Route }) {
  const samples = route.operation['x-code-samples'] ?? [];
  const [chosen, setChosen] = useState(0);
  if (samples.length === 0) return null;
  const sample = samples[chosen] ?? samples[0]!;
  return (
    <section class="stack-tight">
      <div class="row-apart"><h4>{text().examples}</h4>{samples.length > 1 && <Segmented label={text().sample} options={samples.map(({ label }, i) => [String(i), label] as const)} value={String(chosen)} onValue={(i) => setChosen(Number(i))} />}</div>
      <Code label={`${nameOf(route)}: ${sample.label}`}>{withThisHost(sample.source.trimEnd())}</Code>
    </section>
  );
}

function AnswerView({ document, answer, name }: { document: ApiDocument; answer: Answer; name: string }) {
  const words = text();
  const headers = Object.entries(answer.headers ?? {});
  return (
    <div class="stack-tight">
      <Prose>{answer.description}</Prose>
      {Object.entries(answer.content ?? {}).map(([type, media]) => (
        <div key={type} class="stack-tight">
          <div class="small faint mono">{type}</div>
          {media.example !== undefined && <Code label={`${name} ${type}`}>{asText(media.example)}</Code>}
          <details><summary class="small">{words.schema}</summary><Members document={document} schema={media.schema} /></details>
        </div>
      ))}
      {headers.length > 0 && <details><summary class="small">{words.headers}</summary><ul class="members">{headers.map(([name, header]) => <li key={name}><code class="member-name">{name}</code><div class="muted small"><InlineProse>{resolve(document, header).description ?? ''}</InlineProse></div></li>)}</ul></details>}
    </div>
  );
}

function Answers({ document, route }: { document: ApiDocument; route: Route }) {
  const statuses = Object.keys(route.operation.responses);
  const [status, setStatus] = useState(statuses[0]!);
  return (
    <section class="stack-tight">
      <div class="row-apart"><h4>{text().answers}</h4><Segmented label={text().answer} options={statuses.map((one) => [one, one] as const)} value={status} onValue={setStatus} /></div>
      <AnswerView document={document} name={`${nameOf(route)}: ${status}`} answer={resolve(document, route.operation.responses[status]!)} />
    </section>
  );
}

function RouteBody({ document, route }: { document: ApiDocument; route: Route }) {
  const words = text();
  const { operation, servers } = route;
  const parameters = (operation.parameters ?? []).map((parameter) => resolve(document, parameter));
  return (
    <div class="route-body">
      {operation.description && <div class="muted"><Prose>{operation.description}</Prose></div>}
      <dl class="facts">
        <div><dt>{words.token}</dt><dd>{tokenOf(route)}</dd></div>
        {servers.length > 0 && <div><dt>{words.prefixes}</dt><dd class="row">{servers.map(({ url, description }) => <span key={url} title={description}><code>{url}</code></span>)}</dd></div>}
      </dl>
      <Samples route={route} />
      {parameters.length > 0 && (
        <section class="stack-tight"><h4>{words.parameters}</h4>
          <ul class="members">{parameters.map((parameter) => (
            <li key={parameter.name}>
              <div class="member-head"><code class="member-name">{parameter.name}</code><span class="faint small">{parameter.in}</span>{parameter.required && <span class="member-required">{words.required}</span>}</div>
              {parameter.description && <div class="muted small"><InlineProse>{parameter.description}</InlineProse></div>}
              {(resolve(document, parameter.schema).enum ?? []).length > 0 && <div class="faint small mono">{resolve(document, parameter.schema).enum!.join(' · ')}</div>}
            </li>
          ))}</ul>
        </section>
      )}
      {operation.requestBody && (
        <section class="stack-tight"><h4>{words.body} <span class="faint small">{operation.requestBody.required ? words.required : words.optional}</span></h4>
          {operation.requestBody.description && <div class="muted small"><Prose>{operation.requestBody.description}</Prose></div>}
          {Object.entries(operation.requestBody.content).map(([type, media]) => (
            <div key={type} class="stack-tight">
              <div class="small faint mono">{type}</div>
              {media.example !== undefined && <Code label={`${nameOf(route)}: ${words.body} ${type}`}>{asText(media.example)}</Code>}
              <Members document={document} schema={media.schema} />
            </div>
          ))}
        </section>
      )}
      <Answers document={document} route={route} />
    </div>
  );
}

export function RouteView({ document, route, isOpen, onToggle }: { document: ApiDocument; route: Route; isOpen: boolean; onToggle: (isOpen: boolean) => void }) {
  const { operation } = route;
  return (
    <details class="route" id={anchorOf(route)} open={isOpen} onToggle={(event) => onToggle(event.currentTarget.open)}>
      <summary>
        <span class={`method ${route.method.toLowerCase()}`}>{route.method}</span>
        <code class="route-path">{route.path}</code>
        <span class="muted small route-summary" lang="en">{operation.summary}</span>
        {operation.deprecated && <Badge plain>{text().older}</Badge>}
      </summary>
      {isOpen && <RouteBody document={document} route={route} />}
    </details>
  );
}
