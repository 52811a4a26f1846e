// What the tests of the practice upstream share: one upstream per file, requests to it, and a reader of streams.
import { after, before, beforeEach } from 'node:test';
import { startPracticeUpstream } from '../../tools/practice_upstream.mjs';

export const kChat = { model: 'gpt-oss:20b', messages: [{ role: 'user', content: 'hello there' }] };

/** An upstream for the tests of this file; its faults, keys and log are cleared before each test. */
export function practiceUpstream(options) {
  const holder = {};
  before(async () => { holder.upstream = await startPracticeUpstream(options); });
  after(() => holder.upstream.stop());
  beforeEach(() => {
    holder.upstream.faults.remove();
    holder.upstream.keys.clear();
    holder.upstream.requests.clear();
  });
  return holder;
}

export function ask(upstream, path, body = kChat, { key = 'practice-a', method = 'POST', ...rest } = {}) {
  const headers = { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) };
  return fetch(upstream.url + path, { method, headers, body: method === 'GET' ? undefined : typeof body === 'string' ? body : JSON.stringify(body), ...rest });
}

export function control(upstream, method, path, body) {
  return fetch(`${upstream.url}/__practice${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
}

/** The data of every event of an SSE text; comments are left out. */
export function sseData(text) {
  return text.split('\n\n').flatMap((event) => event.split('\n').filter((line) => line.startsWith('data: ')).map((line) => line.slice(6)));
}

export function sseJson(text) {
  return sseData(text).filter((data) => data !== '[DONE]').map((data) => JSON.parse(data));
}

export function ndjson(text) {
  return text.trimEnd().split('\n').map((line) => JSON.parse(line));
}
