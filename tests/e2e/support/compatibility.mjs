// docs/COMPATIBILITY.md, written from what the client tests have seen.
import { readFileSync } from 'node:fs';
import { kRoot } from './workerd.mjs';

export const kCompatibilityFile = `${kRoot}docs/COMPATIBILITY.md`;

const kTitles = { ollama: 'Ollama Cloud', openrouter: 'OpenRouter' };
const versions = () => JSON.parse(readFileSync(`${kRoot}package.json`, 'utf8')).devDependencies;

/** `seen`: {client, feature, provider, works}[], `features`: the rows of client_features.mjs. */
export function compatibilityText(features, seen, providers) {
  const mark = (row, provider) => {
    if (row.only && row.only !== provider) return '–';
    return seen.find((each) => each.client === row.client && each.feature === row.feature && each.provider === provider)?.works ? 'yes' : 'no';
  };
  const lines = ['# Compatibility', '',
    'Client libraries as they come from npm, only their base URL and key changed, through the pool in workerd to the practice upstream that plays both providers. Written by `tests/e2e/clients.test.mjs`, which fails where this page is not what it saw; '
    + 'to renew it: `EDGEPOOL_UPDATE_DOCS=1 node tests/e2e/run.mjs clients`. Which model of a provider can do what is the provider\'s affair.'];
  for (const client of new Set(features.map((row) => row.client))) {
    const own = features.filter((row) => row.client === client);
    lines.push('', `## ${client} ${versions()[client]}`, '', `| feature | ${providers.map((id) => kTitles[id]).join(' | ')} |`, `|---|${providers.map(() => '---|').join('')}`);
    for (const row of own) lines.push(`| ${row.feature} | ${providers.map((provider) => mark(row, provider)).join(' | ')} |`);
    const reasons = new Set(own.map((row) => row.instead).filter(Boolean));
    for (const reason of reasons) lines.push('', `–: ${reason}.`);
  }
  return `${lines.join('\n')}\n`;
}
