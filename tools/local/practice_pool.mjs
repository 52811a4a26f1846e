// Puts practice keys and a client token into the pool's tables, or takes the keys out again, through the same pool_*
// functions that the worker uses. Practice keys are recognised by their names; no other key is ever touched.
import { createHash } from 'node:crypto';

export const kProviders = ['ollama', 'openrouter'];
const kTimeout_ms = 8000;

export function practiceKeys(provider) {
  return [1, 2, 3].map((number) => `practice-${provider}-${number}`);
}

export class PoolDatabase {
  constructor(restUrl, serviceKey) {
    this.restUrl = restUrl.replace(/\/$/, '');
    this.headers = { 'content-type': 'application/json', apikey: serviceKey, ...(serviceKey.startsWith('sb_') ? {} : { authorization: `Bearer ${serviceKey}` }) };
  }

  /** Calls a pool_* function; rejects with the function's own error code. */
  async call(name, argument) {
    const answer = await fetch(`${this.restUrl}/rpc/${name}`, { method: 'POST', headers: this.headers, body: JSON.stringify({ p: argument }), signal: AbortSignal.timeout(kTimeout_ms) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${name} answered ${answer.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }
}

/** Whether the provider's pool holds nothing but practice keys (or nothing at all). */
export async function holdsOnlyPracticeKeys(database, provider) {
  const { total, keys } = await database.call('pool_keys_list', { provider, page: 1, page_size: 10 });
  return total <= keys.length && keys.every((row) => row.username === 'practice');
}

export async function addPracticeKeys(database, provider) {
  await database.call('pool_keys_add', { provider, keys: practiceKeys(provider).map((key) => ({ key, username: 'practice' })) });
}

export async function removePracticeKeys(database, provider) {
  await database.call('pool_keys_remove', { provider, keys: practiceKeys(provider) });
}

/** Makes `token` a client token of the provider, unless it is one already. */
export async function addClientToken(database, provider, token) {
  const hash = createHash('sha256').update(token).digest('hex');
  await database.call('pool_tokens_create', { provider, hash, hint: `...${token.slice(-4)}`, name: 'practice' });
}
