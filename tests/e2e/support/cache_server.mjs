// What workerd's Cache API speaks to, in place of Cloudflare's: HTTP with GET (only if cached), PUT of a whole serialised response, and
// PURGE. Entries are kept as they came, for as long as the server runs.
import { createServer } from 'node:http';

/** Answers {address, entries, stop()}; `entries` maps URLs to the serialised responses. */
export async function startCacheServer() {
  const entries = new Map();
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const url = request.url.startsWith('/') ? `${request.headers.host}${request.url}` : request.url;
    if (request.method === 'PUT') {
      entries.set(url, Buffer.concat(pieces));
      response.writeHead(204).end();
    } else if (request.method === 'GET' && entries.has(url)) {
      const entry = entries.get(url);
      const end = entry.indexOf('\r\n\r\n');
      const headers = entry.subarray(0, end).toString().split('\r\n').slice(1).map((line) => line.split(': '));
      const body = entry.subarray(end + 4);
      const passing = headers.filter(([name]) => !/^(transfer-encoding|content-length)$/i.test(name));
      response.writeHead(200, { ...Object.fromEntries(passing), 'cf-cache-status': 'HIT', 'content-length': body.length }).end(body);
    } else {
      response.writeHead(request.method === 'GET' ? 504 : 404, { 'cf-cache-status': 'MISS' }).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { address: `127.0.0.1:${server.address().port}`, entries, stop: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }) };
}
