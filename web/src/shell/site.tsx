// The frame of the public pages: header with navigation, the content, the footer. The dashboard has a frame of its own.
import type { ComponentChildren } from 'preact';
import { Toasts } from '../design/toast';
import { messages } from '../i18n/language';
import { Preferences } from './preferences';

const text = messages({ skip: 'Skip to the content', main: 'Pages', home: 'Home', stats: 'Statistics', docs: 'API', dashboard: 'Dashboard', slogan: 'One C++ core at the edge, no key ever in sight.' },
  { skip: '跳到正文', main: '页面', home: '首页', stats: '统计', docs: 'API', dashboard: '管理后台', slogan: '运行在边缘的 C++ 核心，密钥绝不外露。' });

export type SitePage = 'home' | 'stats' | 'docs';

export function Brand() {
  return <a class="brand" href="/"><img src="/favicon.svg" alt="" width={24} height={24} />edgepool</a>;
}

export function Site({ page, children }: { page: SitePage; children: ComponentChildren }) {
  const words = text();
  const links = [['home', '/'], ['stats', '/stats'], ['docs', '/api-docs'], ['dashboard', '/dashboard']] as const;
  return (
    <>
      <a class="skip-link" href="#content">{words.skip}</a>
      <header class="site-header"><div class="inner">
        <Brand />
        <nav aria-label={words.main}>{links.filter(([name]) => name !== 'home').map(([name, href]) => <a key={name} href={href} aria-current={name === page ? 'page' : undefined}>{words[name]}</a>)}</nav>
        <Preferences />
      </div></header>
      <main id="content" class="page" tabIndex={-1}>{children}</main>
      <footer class="site-footer"><div class="inner"><span>edgepool</span><span>{words.slogan}</span></div></footer>
      <Toasts />
    </>
  );
}
