// The findings in words, each with where to go; or that there is nothing to do.
import { ModelName } from '../../../design/model_name';
import { Notice } from '../../../design/surface';
import { formatNumber, formatPercent } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { hrefOf } from '../place';
import { Moment, reasonWords } from '../words';
import type { Finding } from './attention';

const text = messages({
  fine: 'Nothing needs your attention.',
  storage_unreachable: 'The database cannot be reached. Requests go on with what is in memory; figures are kept until it is back.',
  provider_off: 'This provider is switched off.', no_keys: 'This pool has no keys yet.', no_tokens: 'No client token exists, so nobody can use the pool yet.',
  redis_unreachable: 'Redis is configured and cannot be reached; the pool carries on without it.', never_cleaned: 'The daily housekeeping has not run for two days: is the cron trigger deployed?',
  tables_missing: 'The database tables of this provider are missing.', schema_outdated: 'The database schema is older than this version needs.', problems: 'The configuration has a problem.',
  incident: (reason: string) => `The provider itself seems to be in trouble (${reason}); keys are not blamed meanwhile.`,
  none_usable: 'No key can serve at the moment: every request is refused.', few_usable: (usable: string, total: string) => `Only ${usable} of ${total} keys can serve.`,
  failing: (share: string, requests: string) => `${share} of the ${requests} newest requests failed.`,
  resting: (count: string) => `${count} keys are benched and come back by themselves.`, expired: (count: string) => `${count} keys have expired and can be removed.`,
  near_budget: (count: string) => `Client tokens that have spent most of a day's or a month's budget: ${count}.`, more: (count: string) => `and ${count} more`, tokens: 'See the tokens',
  import: 'Import keys', create: 'Create a token', see: 'See the keys', settings: 'Settings and health',
}, {
  fine: '目前没有需要处理的事项。',
  storage_unreachable: '无法连接数据库。请求会继续使用内存中的数据，统计会保留到恢复为止。',
  provider_off: '此提供方已关闭。', no_keys: '密钥池中还没有密钥。', no_tokens: '还没有客户端令牌，因此无人可以使用。',
  redis_unreachable: '已配置 Redis 但无法连接；服务会在没有它的情况下继续运行。', never_cleaned: '每日维护已两天没有运行：是否部署了定时触发器？',
  tables_missing: '此提供方的数据库表缺失。', schema_outdated: '数据库结构版本过旧。', problems: '配置存在问题。',
  incident: (reason: string) => `提供方自身似乎出现故障（${reason}），期间不会归咎于密钥。`,
  none_usable: '目前没有可用的密钥：所有请求都会被拒绝。', few_usable: (usable: string, total: string) => `${total} 个密钥中只有 ${usable} 个可用。`,
  failing: (share: string, requests: string) => `最近 ${requests} 个请求中有 ${share} 失败。`,
  resting: (count: string) => `${count} 个密钥暂停中，会自动恢复。`, expired: (count: string) => `${count} 个密钥已过期，可以移除。`,
  near_budget: (count: string) => `有 ${count} 个客户端令牌的日预算或月预算即将用完。`, more: (count: string) => `另有 ${count} 个`, tokens: '查看令牌',
  import: '导入密钥', create: '创建令牌', see: '查看密钥', settings: '设置与健康',
});

const kShownTokens = 5;

function Words({ finding }: { finding: Finding }) {
  const words = text();
  switch (finding.what) {
    case 'tables_missing':
    case 'schema_outdated': return <>{words[finding.what]} {finding.mend && <code>{finding.mend}</code>}</>;
    case 'problems': return <>{words.problems} <ul class="small">{finding.problems.map((problem) => <li key={problem}>{problem}</li>)}</ul></>;
    case 'incident': return <>{words.incident(reasonWords(finding.reason))} {finding.model && <ModelName name={finding.model} />} <span class="faint"><Moment at={finding.since} /></span></>;
    case 'near_budget': return <>{words.near_budget(formatNumber(finding.tokens.length))} <ul class="small">{finding.tokens.slice(0, kShownTokens).map(({ name, share }, index) => <li key={index}><ModelName name={name} /> · {formatPercent(share)}</li>)}{finding.tokens.length > kShownTokens && <li>{words.more(formatNumber(finding.tokens.length - kShownTokens))}</li>}</ul></>;
    case 'few_usable': return <>{words.few_usable(formatNumber(finding.usable), formatNumber(finding.total))}</>;
    case 'failing': return <>{words.failing(formatPercent(finding.share), formatNumber(finding.requests))}</>;
    case 'resting':
    case 'expired': return <>{words[finding.what](formatNumber(finding.count))}</>;
    default: return <>{words[finding.what]}</>;
  }
}

function Way({ finding }: { finding: Finding }) {
  const words = text();
  switch (finding.what) {
    case 'no_keys': return <a class="button small" href={hrefOf('import')}>{words.import}</a>;
    case 'near_budget': return <a class="button small" href={hrefOf('tokens')}>{words.tokens}</a>;
    case 'no_tokens': return <a class="button small" href={hrefOf('tokens')}>{words.create}</a>;
    case 'none_usable':
    case 'few_usable':
    case 'resting': return <a class="button small" href={hrefOf('keys', undefined, { status: 'failed' })}>{words.see}</a>;
    case 'expired': return <a class="button small" href={hrefOf('keys', undefined, { status: 'expired' })}>{words.see}</a>;
    case 'failing':
    case 'incident': return null;
    default: return <a class="button small" href={hrefOf('settings')}>{words.settings}</a>;
  }
}

export function AttentionList({ findings }: { findings: Finding[] }) {
  if (findings.length === 0) return <Notice tone="good">{text().fine}</Notice>;
  return <ul class="attention">{findings.map((finding) => <li key={finding.what}><Notice tone={finding.urgency} actions={<Way finding={finding} />}><Words finding={finding} /></Notice></li>)}</ul>;
}
