// A throw-away PostgreSQL cluster for tests and benchmarks: Debian's binaries, a private folder, a free port on 127.0.0.1,
// durability off. PostgreSQL refuses to run as root, so under root it runs as the system's postgres user.
//
//   const cluster = await startTestPostgres();    // { url, database(name), stop }
//   node tools/test_postgres.mjs                  prints {"url": ...}; Ctrl-C stops it and removes its folder
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { freePort } from './local/free_port.mjs';

const kStartTimeoutMs = 30_000;

export function findPostgresFolder() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env.PATH ?? '').split(delimiter)];
  const folder = folders.find((candidate) => candidate && existsSync(join(candidate, 'initdb')) && existsSync(join(candidate, 'postgres')));
  if (!folder) throw new Error('no PostgreSQL server found: install it (Debian: apt-get install postgresql)');
  return folder;
}

// Whom to run as: ourselves, or under root the postgres user.
function serverIdentity() {
  if (process.getuid?.() !== 0) return {};
  const id = (option) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function waitUntilReady(url, child, log) {
  const deadline = Date.now() + kStartTimeoutMs;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended at once:\n${log.text}`);
    const client = postgres(url, { max: 1, connect_timeout: 2, onnotice() {} });
    try {
      await client`select 1`;
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`PostgreSQL did not start: ${error.message}\n${log.text}`);
      await sleep(50);
    } finally {
      await client.end();
    }
  }
}

export async function startTestPostgres() {
  const folder = findPostgresFolder();
  const identity = serverIdentity();
  const home = mkdtempSync(join(tmpdir(), 'edgepool-postgres-'));
  if (identity.uid !== undefined) chownSync(home, identity.uid, identity.gid);
  const data = join(home, 'data');
  execFileSync(join(folder, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...identity, cwd: home, stdio: 'pipe' });
  const port = await freePort();
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: home, fsync: 'off', synchronous_commit: 'off',
    full_page_writes: 'off', shared_buffers: '256MB', max_connections: 60, max_wal_size: '2GB', log_min_messages: 'fatal' };
  const child = spawn(join(folder, 'postgres'), ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...identity, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = { text: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { log.text = (log.text + chunk).slice(-4000); });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const removeOnExit = () => {
    child.kill('SIGQUIT');
    rmSync(home, { recursive: true, force: true });
  };
  process.once('exit', removeOnExit);

  const stop = async () => {
    process.off('exit', removeOnExit);
    child.kill('SIGINT');
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  const urlOf = (name) => `postgres://postgres@127.0.0.1:${port}/${name}`;
  try {
    await waitUntilReady(urlOf('postgres'), child, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: urlOf('postgres'),
    // A new empty database of this cluster; answers its URL.
    async database(name) {
      const client = postgres(urlOf('postgres'), { max: 1, onnotice() {} });
      await client.unsafe(`create database ${name}`);
      await client.end();
      return urlOf(name);
    },
    stop,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const cluster = await startTestPostgres();
  console.log(JSON.stringify({ url: cluster.url }));
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, async () => {
      await cluster.stop();
      process.exit(0);
    });
  }
}
