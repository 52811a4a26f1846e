// Debian's redis-server on a free port, with TLS where it is wanted, and Upstash's REST interface in front of one, as far as the worker uses it.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';

async function freePort() {
  const server = createSocketServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

const encode = (command) => `*${command.length}\r\n${command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

// One RESP2 reply: [value, offset behind it], or null while it is not all there. Errors are {error}.
function readReply(bytes, at = 0) {
  const end = bytes.indexOf('\r\n', at);
  if (end < 0) return null;
  const line = bytes.toString('utf8', at + 1, end);
  const next = end + 2;
  const type = String.fromCharCode(bytes[at]);
  if (type === '+') return [line, next];
  if (type === '-') return [{ error: line }, next];
  if (type === ':') return [Number(line), next];
  if (line === '-1') return [null, next];
  if (type === '$') return bytes.length < next + Number(line) + 2 ? null : [bytes.toString('utf8', next, next + Number(line)), next + Number(line) + 2];
  const items = [];
  let behind = next;
  for (let i = 0; i < Number(line); ++i) {
    const item = readReply(bytes, behind);
    if (!item) return null;
    items.push(item[0]);
    behind = item[1];
  }
  return [items, behind];
}

/** Sends commands over one connection, encrypted where there is an authority to trust; answers the replies. */
export function askRedis(port, commands, password, authority) {
  const all = password ? [['AUTH', password], ...commands] : commands;
  return new Promise((done, failed) => {
    const begin = () => socket.write(all.map(encode).join(''));
    const socket = authority ? connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: authority }, begin) : connect(port, '127.0.0.1', begin);
    const replies = [];
    let bytes = Buffer.alloc(0);
    socket.once('error', failed);
    socket.once('close', () => failed(new Error('the connection was closed')));
    socket.on('data', (piece) => {
      bytes = Buffer.concat([bytes, piece]);
      for (let reply = readReply(bytes); reply; reply = readReply(bytes)) {
        replies.push(reply[0]);
        bytes = bytes.subarray(reply[1]);
      }
      if (replies.length < all.length) return;
      socket.removeAllListeners('close').destroy();
      done(password ? replies.slice(1) : replies);
    });
  });
}

/** An authority of its own and a certificate of it for localhost, in a new folder: {folder, authority (PEM)}. */
function makeCertificates() {
  const folder = mkdtempSync(join(tmpdir(), 'edgepool-tls-'));
  const openssl = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  const newKey = (name) => ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`];
  openssl('req', '-x509', ...newKey('authority'), '-out', 'authority.pem', '-days', '2', '-subj', '/CN=edgepool test authority');
  openssl('req', '-x509', ...newKey('server'), '-out', 'server.pem', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-addext', 'basicConstraints=critical,CA:FALSE', '-CA', 'authority.pem', '-CAkey', 'authority.key');
  return { folder, authority: readFileSync(join(folder, 'authority.pem'), 'utf8') };
}

/** {port, url, authority (PEM, with TLS), ask(commands), stop()}; nothing is kept on disk. With TLS nothing else is spoken on the port. */
export async function startRedis({ password, port, hasTls = false } = {}) {
  const at = port ?? await freePort();
  const { folder, authority } = hasTls ? makeCertificates() : {};
  const file = (name) => join(folder, name);
  const where = hasTls ? ['--port', '0', '--tls-port', String(at), '--tls-cert-file', file('server.pem'), '--tls-key-file', file('server.key'),
    '--tls-ca-cert-file', file('authority.pem'), '--tls-auth-clients', 'no'] : ['--port', String(at)];
  const child = spawn('redis-server', [...where, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...(password ? ['--requirepass', password] : [])], { stdio: 'ignore' });
  const ended = new Promise((done) => child.once('exit', done));
  const end = () => {
    child.kill('SIGKILL');
    if (folder) rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', end);
  const ask = (commands) => askRedis(at, commands, password, authority);
  for (let left = 100; ; --left) {
    const answer = await ask([['PING']]).catch(() => null);
    if (answer?.[0] === 'PONG') break;
    if (left === 0) throw new Error('redis-server did not start');
    await new Promise((done) => setTimeout(done, 100));
  }
  const stop = async () => {
    process.removeListener('exit', end);
    end();
    await ended;
  };
  const scheme = hasTls ? 'rediss' : 'redis';
  return { port: at, authority, url: `${scheme}://${password ? `:${password}@` : ''}${hasTls ? 'localhost' : '127.0.0.1'}:${at}`, ask, stop };
}

/** POST /pipeline with a bearer token, before the Redis on `port`. {url, asked(), stop()} */
export async function startRestProxy(port, token) {
  let asked = 0;
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: 'Unauthorized' });
    if (request.method !== 'POST' || request.url !== '/pipeline') return answer(404, { error: 'not found' });
    asked += 1;
    const replies = await askRedis(port, JSON.parse(Buffer.concat(pieces))).catch(() => null);
    if (!replies) return answer(500, { error: 'Redis is away' });
    answer(200, replies.map((reply) => (reply?.error ? reply : { result: reply })));
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const stop = () => new Promise((done) => { server.closeAllConnections(); server.close(done); });
  return { url: `http://default:${token}@127.0.0.1:${server.address().port}`, asked: () => asked, stop };
}
