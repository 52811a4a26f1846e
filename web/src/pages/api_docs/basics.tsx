// What holds for every route: where it is, which token it takes, what an error looks like.
import { CopyButton } from '../../design/button';
import { Card } from '../../design/surface';
import { messages } from '../../i18n/language';

const text = messages({
  addresses: 'Base URLs', addressesNote: 'No prefix means Ollama Cloud, /openrouter means OpenRouter.', dialect: 'Dialect', same: 'the same address',
  tokens: 'Authentication', client: 'Programs send a client token, made by the operator in the dashboard:', anthropic: 'Clients of the Anthropic dialect may send it as x-api-key instead.', admin: 'Operators send the deployment’s ADMIN_TOKEN the same way to /admin routes. A provider’s key is never sent by a client.',
  errors: 'Errors', errorsNote: 'Errors come in the dialect of the route. Each carries x-request-id, which the log has as well; every 429 and 503 carries Retry-After.',
  pool: 'Answers of the pool also say', attempts: 'how many keys were tried', key: 'the first characters of the key’s public id', served: 'which model and provider served, where a fallback stood in',
}, {
  addresses: 'Base URL', addressesNote: '不加前缀为 Ollama Cloud，加 /openrouter 为 OpenRouter。', dialect: '协议', same: '同一地址',
  tokens: '身份认证', client: '程序发送客户端令牌，由运营者在管理后台创建：', anthropic: 'Anthropic 协议的客户端也可以用 x-api-key 发送。', admin: '运营者以同样方式向 /admin 接口发送部署时设置的 ADMIN_TOKEN。客户端永远不会发送服务商的密钥。',
  errors: '错误', errorsNote: '错误以所用协议的格式返回，并带有日志中同样可查的 x-request-id;429 和 503 都带有 Retry-After。',
  pool: '应答中还会说明', attempts: '尝试了几个密钥', key: '所用密钥公开编号的前几位', served: '由备用模型应答时，实际的模型与服务商',
});

const kAddresses = [
  ['OpenAI', '/v1', '/openrouter/v1'],
  ['Anthropic', '', '/openrouter'],
  ['Ollama', '', null],
] as const;

function Address({ path }: { path: string | null }) {
  if (path === null) return <span class="faint">–</span>;
  const address = location.origin + path;
  return <span class="address"><code>{address}</code><CopyButton value={address} label={address} /></span>;
}

export function Basics() {
  const words = text();
  return (
    <>
      <Card title={words.addresses} note={words.addressesNote} flush>
        <div class="table-scroll" tabIndex={0} role="region" aria-label={`${words.dialect} · ${words.addresses}`}>
          <table class="table addresses">
            <thead><tr><th scope="col">{words.dialect}</th><th scope="col">Ollama Cloud</th><th scope="col">OpenRouter</th></tr></thead>
            <tbody>{kAddresses.map(([dialect, ollama, openrouter]) => <tr key={dialect}><th scope="row">{dialect}</th><td><Address path={ollama} /></td><td><Address path={openrouter} /></td></tr>)}</tbody>
          </table>
        </div>
      </Card>
      <div class="basics">
        <Card title={words.tokens}>
          <div class="stack-tight"><p>{words.client}</p><pre class="line" tabIndex={0}><code>Authorization: Bearer $CLIENT_TOKEN</code></pre><p class="muted">{words.anthropic}</p><p class="muted">{words.admin}</p></div>
        </Card>
        <Card title={words.errors}>
          <div class="stack-tight">
            <p>{words.errorsNote}</p>
            <p class="muted">{words.pool}</p>
            <dl class="headers"><div><dt><code>x-pool-attempts</code></dt><dd>{words.attempts}</dd></div><div><dt><code>x-pool-key</code></dt><dd>{words.key}</dd></div><div><dt><code>x-pool-model</code> <code>x-pool-provider</code></dt><dd>{words.served}</dd></div></dl>
          </div>
        </Card>
      </div>
    </>
  );
}
