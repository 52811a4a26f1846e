// The dashboard's frame: navigation at the side (a drawer on a phone), the provider, the keyboard, and the page that the address names.
// Each page is loaded when it is first opened.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { signOut } from '../../api/session';
import { Button } from '../../design/button';
import { Dialog } from '../../design/dialog';
import { Segmented } from '../../design/field';
import { Icon, type IconName } from '../../design/icon';
import { ErrorState, Skeleton } from '../../design/surface';
import { messages } from '../../i18n/language';
import { Preferences } from '../../shell/preferences';
import { Brand } from '../../shell/site';
import { chooseProvider, goTo, hrefOf, kProviders, place, provider, type DashboardPage } from './place';

export const pageNames = messages({
  overview: 'Overview', keys: 'Keys', import: 'Import', tokens: 'Client tokens', explain: 'Explain', playground: 'Playground', audit: 'Audit log', reconcile: 'Reconcile', settings: 'Settings and health',
}, { overview: '概览', keys: '密钥', import: '导入', tokens: '客户端令牌', explain: '选择说明', playground: '试用', audit: '审计日志', reconcile: '对账', settings: '设置与健康' });

const text = messages({
  skip: 'Skip to the content', nav: 'Dashboard', provider: 'Provider', menu: 'Menu', signOut: 'Sign out', shortcuts: 'Keyboard shortcuts', go: (page: string) => `Go to: ${page}`,
  search: 'Search', close: 'Close or leave', help: 'These shortcuts', pool: 'Pool', use: 'Use', system: 'System', public: 'Public pages', stats: 'Statistics', docs: 'API',
}, {
  skip: '跳到正文', nav: '管理后台', provider: '提供方', menu: '菜单', signOut: '退出登录', shortcuts: '键盘快捷键', go: (page: string) => `前往：${page}`,
  search: '搜索', close: '关闭或返回', help: '显示快捷键', pool: '密钥池', use: '使用', system: '系统', public: '公开页面', stats: '统计', docs: 'API',
});

const kGroups: { name: 'pool' | 'use' | 'system'; pages: DashboardPage[] }[] = [
  { name: 'pool', pages: ['overview', 'keys', 'import'] },
  { name: 'use', pages: ['tokens', 'explain', 'playground'] },
  { name: 'system', pages: ['audit', 'reconcile', 'settings'] },
];
const kIcons: Record<DashboardPage, IconName> = { overview: 'gauge', keys: 'key', import: 'upload', tokens: 'ticket', explain: 'route', playground: 'play', audit: 'list', reconcile: 'scale', settings: 'gear' };
const kLetters: Record<string, DashboardPage> = { o: 'overview', k: 'keys', i: 'import', t: 'tokens', e: 'explain', p: 'playground', a: 'audit', r: 'reconcile', s: 'settings' };
const kSequence_ms = 1200;

const kLoaders: Record<DashboardPage, () => Promise<{ Page: ComponentType }>> = {
  overview: () => import('./overview/overview_page'),
  keys: () => import('./keys/keys_page'),
  import: () => import('./import/import_page'),
  tokens: () => import('./tokens/tokens_page'),
  explain: () => import('./explain/explain_page'),
  playground: () => import('./playground/playground_page'),
  audit: () => import('./audit/audit_page'),
  reconcile: () => import('./reconcile/reconcile_page'),
  settings: () => import('./settings/settings_page'),
};

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** g and a letter: a page. /: the page's search. ?: help. */
function useShortcuts(showHelp: () => void): void {
  useEffect(() => {
    let g_ms = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector('dialog[open]')) return;
      const page = event.timeStamp - g_ms < kSequence_ms ? kLetters[event.key] : undefined;
      g_ms = event.key === 'g' ? event.timeStamp : 0;
      if (page) goTo(page);
      else if (event.key === '/') document.querySelector<HTMLInputElement>('input[type=search]')?.focus();
      else if (event.key === '?') showHelp();
      else if (event.key === 'Escape' && place.value.item) goTo(place.value.page);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

function Shortcuts({ onClose }: { onClose: () => void }) {
  const names = pageNames();
  return (
    <Dialog title={text().shortcuts} onClose={onClose}>
      <dl class="shortcuts">
        {Object.entries(kLetters).map(([letter, page]) => <div key={letter}><dt><kbd>g</kbd> <kbd>{letter}</kbd></dt><dd>{text().go(names[page])}</dd></div>)}
        <div><dt><kbd>/</kbd></dt><dd>{text().search}</dd></div>
        <div><dt><kbd>Esc</kbd></dt><dd>{text().close}</dd></div>
        <div><dt><kbd>?</kbd></dt><dd>{text().help}</dd></div>
      </dl>
    </Dialog>
  );
}

function Navigation({ onChosen }: { onChosen: () => void }) {
  const names = pageNames();
  return (
    <nav class="side-nav" aria-label={text().nav}>
      {kGroups.map((group) => (
        <div key={group.name} class="side-group" role="group" aria-label={text()[group.name]}>
          <div class="side-group-name" aria-hidden="true">{text()[group.name]}</div>
          {group.pages.map((page) => <a key={page} href={hrefOf(page)} aria-current={place.value.page === page ? 'page' : undefined} onClick={onChosen}><Icon name={kIcons[page]} />{names[page]}</a>)}
        </div>
      ))}
    </nav>
  );
}

/** The page that the address names, once its code is there. */
function CurrentPage() {
  const { page } = place.value;
  const [loaded, setLoaded] = useState<{ page: DashboardPage; Page: ComponentType } | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isWanted = true;
    setFailure(null);
    kLoaders[page]().then(({ Page }) => { if (isWanted) setLoaded({ page, Page }); }, (error: unknown) => { if (isWanted) setFailure(error); });
    return () => { isWanted = false; };
  }, [page, attempt]);
  if (failure) return <ErrorState level={2} error={failure} onRetry={() => setAttempt(attempt + 1)} />;
  if (loaded?.page !== page) return <div class="stack"><h1>{pageNames()[page]}</h1><Skeleton lines={6} /></div>;
  // Another provider is another page: nothing of the one before may stay on it.
  return <loaded.Page key={`${page} ${provider.value}`} />;
}

export function Frame() {
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const words = text();
  useShortcuts(() => setHelpOpen(true));
  useEffect(() => {
    if (!isMenuOpen) return;
    const onKey = (event: KeyboardEvent) => { if (event.key === 'Escape') setMenuOpen(false); };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [isMenuOpen]);
  return (
    <div class={isMenuOpen ? 'frame menu-open' : 'frame'}>
      <a class="skip-link" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById('content')?.focus(); }}>{words.skip}</a>
      <header class="top-bar">
        <Button kind="quiet" icon={isMenuOpen ? 'cross' : 'menu'} aria-label={words.menu} aria-expanded={isMenuOpen} aria-controls="side" onClick={() => setMenuOpen(!isMenuOpen)} />
        <Brand />
        <span class="grow" />
        <Segmented label={words.provider} options={kProviders} value={provider.value} onValue={chooseProvider} />
      </header>
      <aside class="side" id="side">
        <div class="side-brand"><Brand /></div>
        <div class="side-provider"><Segmented label={words.provider} options={kProviders} value={provider.value} onValue={chooseProvider} /></div>
        <Navigation onChosen={() => setMenuOpen(false)} />
        <div class="side-foot">
          <div class="side-links"><a href="/stats">{words.stats}</a><a href="/api-docs">{words.docs}</a><button type="button" class="link" onClick={() => setHelpOpen(true)}>{words.shortcuts}</button></div>
          <div class="row-apart"><Preferences /><Button kind="quiet" size="small" icon="exit" onClick={signOut}>{words.signOut}</Button></div>
        </div>
      </aside>
      <div class="side-scrim" onClick={() => setMenuOpen(false)} />
      <main id="content" class="dashboard-main" tabIndex={-1}><CurrentPage /></main>
      {isHelpOpen && <Shortcuts onClose={() => setHelpOpen(false)} />}
    </div>
  );
}
