// The fast upstream of the benchmarks: Debian's nginx on 127.0.0.1, one process, answers from memory. It speaks just enough of a chat
// provider to be forwarded (a plain answer, a large one, a stream of events, each written on its own) and of a database that answers at
// once. It checks nothing; what is measured against it is the worker in front of it. What is to be answered is said by a request header that
// the pool passes on: "absorb" and "absorb_stream" read the body before they answer (an answer that comes before a large body has gone up breaks the connection).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const kEchoModule = '/usr/lib/nginx/modules/ngx_http_echo_module.so';
const kFilling = 'The quick brown fox jumps over the lazy dog, and the answer goes on. ';
const kPlainBytes = 1024;
const kLargeKibibytes = 1024;
export const kStreamEvents = 200;
const kEventBytes = 219;
const kPatience_ms = 5000;

const usage = { prompt_tokens: 25, completion_tokens: 180, total_tokens: 205 };

function answerWith(content) {
  return JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-oss:20b',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }], usage });
}

function streamEvent(content) {
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-oss:20b', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\\n\\n`;
}

const nginxText = (text) => `'${text.replaceAll("'", "\\'")}'`;

function configuration(port) {
  const [before, after] = answerWith('HERE').split('HERE');
  const plain = answerWith(kFilling.repeat(20).slice(0, kPlainBytes - answerWith('').length));
  const empty = streamEvent('').length - 2; // the two line ends are written as escapes
  const event = streamEvent(kFilling.repeat(4).slice(0, kEventBytes - empty));
  const ending = `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-oss:20b', choices: [], usage })}\\n\\ndata: [DONE]\\n\\n`;
  const events = Array.from({ length: kStreamEvents }, () => `echo -n ${nginxText(event)}; echo_flush;`).join('\n      ');
  return `load_module ${kEchoModule};
daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_max_body_size 64m;
  client_body_buffer_size 2m;
  client_body_temp_path body;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /status { stub_status; }
    location = /v1/chat/completions {
      if ($http_openai_beta = stream) { rewrite ^ /stream last; }
      if ($http_openai_beta = absorb) { rewrite ^ /absorb last; }
      if ($http_openai_beta = absorb_stream) { rewrite ^ /absorb_stream last; }
      if ($http_openai_beta = large) { rewrite ^ /large last; }
      default_type application/json;
      return 200 ${nginxText(plain)};
    }
    location = /absorb {
      internal;
      default_type application/json;
      echo_read_request_body;
      echo -n ${nginxText(plain)};
    }
    location = /large {
      internal;
      default_type application/json;
      echo -n ${nginxText(before)};
      echo_duplicate ${kLargeKibibytes} ${nginxText(kFilling.repeat(20).slice(0, 1024))};
      echo -n ${nginxText(after)};
    }
    location = /absorb_stream {
      internal;
      default_type text/event-stream;
      echo_read_request_body;
      ${events}
      echo -n ${nginxText(ending)};
    }
    location = /stream {
      internal;
      default_type text/event-stream;
      ${events}
      echo -n ${nginxText(ending)};
    }
    location /rest/ { default_type application/json; return 200 '[{"id":1,"api_key":"bench","status":"active"}]'; }
  }
}
`;
}

const freePort = () => new Promise((done, failed) => {
  const probe = createServer().once('error', failed);
  probe.listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => done(port));
  });
});

/** Answers {url, pid, requests(), stop()}; requests() is how many it has answered since it began. */
export async function startNginxUpstream() {
  const folder = mkdtempSync(join(tmpdir(), 'edgepool-nginx-'));
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), configuration(port));
  const child = spawn('nginx', ['-p', folder, '-c', 'nginx.conf'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { complaint += text; });
  const ended = new Promise((done) => child.once('exit', done));
  const end = () => {
    child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', end);
  const url = `http://127.0.0.1:${port}`;
  const status = async () => Number((await (await fetch(`${url}/status`)).text()).split('\n')[2].trim().split(/\s+/)[2]);
  const deadline_ms = Date.now() + kPatience_ms;
  for (;;) {
    if (await status().then(() => true, () => false)) break;
    if (child.exitCode !== null || Date.now() > deadline_ms) throw new Error(`nginx did not start:\n${complaint}`);
    await new Promise((done) => setTimeout(done, 20));
  }
  const stop = async () => {
    process.off('exit', end);
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, pid: child.pid, requests: status, stop };
}
