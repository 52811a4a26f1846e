// The interactive explorer: OpenAPI Explorer over the same document, in a page of its own (api-explorer.html) that is loaded when somebody
// asks for it. It stands in a frame because its styles need a wider Content-Security-Policy than this page's.
import { useState } from 'preact/hooks';
import { Button } from '../../design/button';
import { Icon } from '../../design/icon';
import { Card } from '../../design/surface';
import { messages } from '../../i18n/language';

const text = messages({
  title: 'Try it', note: 'An explorer that sends real requests to this deployment with a token of yours. The token stays in this tab.', open: 'Load the explorer', tab: 'Open in a tab of its own', frame: 'API explorer',
}, {
  title: '在线调试', note: '用你的令牌向当前部署发送真实请求。令牌只保存在本标签页中。', open: '加载调试工具', tab: '在新标签页打开', frame: 'API 调试工具',
});

export function Explorer() {
  const words = text();
  const [isOpen, setOpen] = useState(false);
  return (
    <Card title={words.title} note={words.note}>
      <div class="stack">
        <div class="row">
          {!isOpen && <Button kind="primary" icon="play" onClick={() => setOpen(true)}>{words.open}</Button>}
          <a class="button" href="/api-explorer" target="_blank" rel="noopener"><Icon name="external" />{words.tab}</a>
          <a class="button" href="/openapi.json"><Icon name="download" /><code>openapi.json</code></a>
        </div>
        {isOpen && <iframe class="explorer" src="/api-explorer" title={words.frame} />}
      </div>
    </Card>
  );
}
