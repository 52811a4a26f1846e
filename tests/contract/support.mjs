// What the contract tests share: the database behind a PostgREST layer, and calls as the worker makes them.
import { after } from 'node:test';
import { startEmbeddedDatabase } from '../../tools/embedded_database.mjs';
import { createDatabase } from '../sql/support.mjs';

export { batch, figures, hex, idOf, sha256 } from '../sql/support.mjs';

// Registered here, at the file's own level: inside a test's hook it would run when that hook ends.
const servers = [];
after(() => Promise.all(servers.map((server) => server.stop())));

export async function startServer(options = {}) {
  const databaseUrl = options.dataDir ? undefined : await createDatabase();
  const server = await startEmbeddedDatabase({ databaseUrl, ...options });
  servers.push(server);
  // A call as the worker makes it; `headers` and `body` replace what is usual.
  const send = async (name, argument, { key = server.serviceKey, headers, body } = {}) => {
    const response = await fetch(`${server.url}/rpc/${name}`, {
      method: 'POST',
      headers: headers ?? { 'content-type': 'application/json', ...(key ? { apikey: key } : {}) },
      body: body ?? JSON.stringify({ p: argument }),
    });
    const text = await response.text();
    return { status: response.status, type: response.headers.get('content-type'), text, json: () => JSON.parse(text) };
  };
  const call = async (name, argument) => {
    const answer = await send(name, argument);
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${answer.text}`);
    return answer.json();
  };
  return { server, send, call };
}
