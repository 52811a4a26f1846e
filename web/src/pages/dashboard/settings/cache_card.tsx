// The response cache: whether it is on, what it did, and emptying it. Not shown by a version of the worker that has none.
import { useState } from 'preact/hooks';
import * as admin from '../../../api/admin';
import { figure } from '../../../api/admin';
import { useResource } from '../../../api/resource';
import { Button } from '../../../design/button';
import { Confirm } from '../../../design/dialog';
import { Badge, Card, errorWords } from '../../../design/surface';
import { showToast } from '../../../design/toast';
import { formatNumber } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { provider } from '../place';

const text = messages({ title: 'Response cache', on: 'On', off: 'Off', clear: 'Empty the cache', sure: 'Empty the response cache?', sureNote: 'The next requests go to the provider again. Nothing else changes.', hits: (hits: string, misses: string) => `${hits} hits, ${misses} misses in this isolate`, offNote: 'RESPONSE_CACHE=true switches it on.' },
  { title: '响应缓存', on: '开启', off: '关闭', clear: '清空缓存', sure: '要清空响应缓存吗？', sureNote: '之后的请求会重新发往提供方，其他不变。', hits: (hits: string, misses: string) => `此实例命中 ${hits} 次，未命中 ${misses} 次`, offNote: '设置 RESPONSE_CACHE=true 即可开启。' });

export function CacheCard() {
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const cache = useResource('cache', admin.cacheStats);
  const words = text();
  if (!cache.data) return null;
  const clear = async () => {
    setBusy(true);
    await admin.clearCache(provider.value).then(({ message }) => showToast(message), (error: unknown) => showToast(errorWords(error).title, { tone: 'bad' }));
    setBusy(false);
    setAsking(false);
    void cache.reload();
  };
  return (
    <Card title={words.title} actions={cache.data.enabled && <Button size="small" onClick={() => setAsking(true)}>{words.clear}</Button>}>
      <div class="row"><Badge tone={cache.data.enabled ? 'good' : 'neutral'}>{cache.data.enabled ? words.on : words.off}</Badge><span class="muted">{cache.data.enabled ? words.hits(formatNumber(figure(cache.data.hits)), formatNumber(figure(cache.data.misses))) : words.offNote}</span></div>
      {isAsking && <Confirm title={words.sure} action={words.clear} busy={isBusy} onConfirm={() => void clear()} onClose={() => setAsking(false)}><p class="muted">{words.sureNote}</p></Confirm>}
    </Card>
  );
}
