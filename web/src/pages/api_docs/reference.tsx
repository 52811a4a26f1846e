// Every route by group, with a filter; a route that the address names (#route-...) is unfolded and brought into view.
import { useEffect, useState } from 'preact/hooks';
import { Empty, Skeleton } from '../../design/surface';
import { messages } from '../../i18n/language';
import { routesOf, type ApiDocument, type Route } from './document';
import { InlineProse } from './prose';
import { anchorOf, RouteView } from './route_view';

const text = messages({
  title: 'Routes', filter: 'Filter routes', placeholder: 'Path or word', count: (count: number) => `${count} routes`, none: 'No route matches', noneNote: 'Try a part of a path, such as “tokens”.',
}, {
  title: '接口', filter: '筛选接口', placeholder: '路径或关键词', count: (count: number) => `${count} 个接口`, none: '没有匹配的接口', noneNote: '试试路径的一部分，例如 “tokens”。',
});

const groupNames = messages({
  'OpenAI dialect': 'OpenAI dialect', 'Anthropic dialect': 'Anthropic dialect', 'Ollama dialect': 'Ollama dialect', Public: 'Public', Operation: 'Operation', Keys: 'Keys', Tokens: 'Tokens', Cache: 'Cache',
}, {
  'OpenAI dialect': 'OpenAI 协议', 'Anthropic dialect': 'Anthropic 协议', 'Ollama dialect': 'Ollama 协议', Public: '公开', Operation: '运维', Keys: '密钥', Tokens: '令牌', Cache: '缓存',
});

export const groupName = (tag: string): string => (groupNames() as Record<string, string>)[tag] ?? tag;
export const groupAnchor = (tag: string): string => `group-${tag.toLowerCase().replaceAll(' ', '-')}`;

function matches(route: Route, filter: string): boolean {
  const { operation } = route;
  const hay = `${route.method} ${route.path} ${operation.summary} ${operation.tags[0]} ${groupName(operation.tags[0])}`.toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => hay.includes(word));
}

export function Reference({ document: api }: { document: ApiDocument | null }) {
  const words = text();
  const [filter, setFilter] = useState('');
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (anchor: string, isOpen: boolean) => setOpen((before) => {
    if (before.has(anchor) === isOpen) return before;
    const after = new Set(before);
    if (isOpen) after.add(anchor);
    else after.delete(anchor);
    return after;
  });
  useEffect(() => {
    if (!api) return;
    const show = () => {
      const anchor = decodeURIComponent(location.hash.slice(1));
      if (anchor.startsWith('route-')) toggle(anchor, true);
      if (anchor) requestAnimationFrame(() => document.getElementById(anchor)?.scrollIntoView());
    };
    show();
    addEventListener('hashchange', show);
    return () => removeEventListener('hashchange', show);
  }, [api]);
  const routes = api ? routesOf(api).filter((route) => matches(route, filter)) : [];
  return (
    <section class="stack" id="routes" aria-label={words.title}>
      <div class="row-apart">
        <h2>{words.title}</h2>
        <input class="input route-filter" type="search" aria-label={words.filter} placeholder={words.placeholder} value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
      </div>
      <p class="visually-hidden" role="status">{api ? words.count(routes.length) : ''}</p>
      {!api && <div class="card"><div class="card-body"><Skeleton lines={8} /></div></div>}
      {api && routes.length === 0 && <div class="card"><Empty title={words.none}>{words.noneNote}</Empty></div>}
      {api?.tags.map(({ name, description }) => {
        const rows = routes.filter(({ operation }) => operation.tags[0] === name);
        if (rows.length === 0) return null;
        return (
          <section key={name} id={groupAnchor(name)} aria-label={groupName(name)}>
            <div class="group-head"><h3>{groupName(name)}</h3><p class="small faint"><InlineProse>{description}</InlineProse></p></div>
            <div class="card routes">{rows.map((route) => <RouteView key={route.operation.operationId} document={api} route={route} isOpen={open.has(anchorOf(route))} onToggle={(isOpen) => toggle(anchorOf(route), isOpen)} />)}</div>
          </section>
        );
      })}
    </section>
  );
}
