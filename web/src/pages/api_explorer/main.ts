// /api-explorer: the kept library (OpenAPI Explorer) over openapi.json, in the colours of our tokens. It stands in a frame of /api-docs or
// alone. Its styles are inline, so this page alone allows inline styles (public/_headers); scripts are ours only, as everywhere.
import 'openapi-explorer';
import '../../design/tokens.css';
import './explorer.css';
import { loadDocument, withThisHost } from '../api_docs/document';

interface ExplorerElement extends HTMLElement { loadSpec(document: unknown): Promise<void> }

/** A token as "#rrggbb": the library mixes colours itself and knows no light-dark(). */
function hexOf(token: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const parts = getComputedStyle(probe).color.match(/\d+/g) ?? ['0', '0', '0'];
  probe.remove();
  return `#${parts.slice(0, 3).map((part) => Number(part).toString(16).padStart(2, '0')).join('')}`;
}

const kColors = { 'bg-color': '--surface', 'text-color': '--text', 'primary-color': '--accent', 'secondary-color': '--accent', 'header-color': '--surface', 'nav-bg-color': '--sunken', 'nav-text-color': '--text-2', 'nav-hover-bg-color': '--border', 'nav-hover-text-color': '--text' };

function paint(explorer: ExplorerElement): void {
  for (const [attribute, token] of Object.entries(kColors)) explorer.setAttribute(attribute, hexOf(token));
}

/** The choice of the page around this one, which shares our storage. */
function followTheme(explorer: ExplorerElement): void {
  addEventListener('storage', ({ key, newValue }) => {
    if (key !== 'edgepool.theme') return;
    if (newValue) document.documentElement.dataset['theme'] = newValue;
    else delete document.documentElement.dataset['theme'];
    paint(explorer);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => paint(explorer));
}

async function start(): Promise<void> {
  const place = document.getElementById('app')!;
  const explorer = document.createElement('openapi-explorer') as ExplorerElement;
  for (const [attribute, value] of Object.entries({ 'server-url': location.origin, 'hide-server-selection': 'true', layout: 'column', collapse: 'true', 'use-path-in-nav-bar': 'true', 'fetch-credentials': 'omit' })) explorer.setAttribute(attribute, value);
  paint(explorer);
  followTheme(explorer);
  place.append(explorer);
  try {
    await explorer.loadSpec(JSON.parse(withThisHost(JSON.stringify(await loadDocument()))));
  } catch {
    place.textContent = 'The API document cannot be loaded. 无法加载接口文档。';
  }
}

void start();
