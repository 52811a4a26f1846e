// The workers that edgepool is compared with, each a few lines of JavaScript run by the same workerd with the same flags: a bare
// pass-through, the least honest work that a pool must do, and the published design of the deployment that edgepool replaces (eight
// serial database calls a request), here with a database that answers at once.

/** Forwards what comes, as it comes. */
export const kPassThrough = `export default {
  fetch(request, variables) {
    const { pathname } = new URL(request.url);
    return fetch(new Request(variables.UPSTREAM + pathname, request));
  },
};`;

/** Checks the token, reads and parses the body, sets the key, forwards. */
export const kLeastWork = `export default {
  async fetch(request, variables) {
    if (request.headers.get('authorization') !== 'Bearer ' + variables.TOKEN) return new Response('no', { status: 401 });
    const body = await request.text();
    if (typeof JSON.parse(body).model !== 'string') return new Response('no model', { status: 400 });
    const headers = new Headers(request.headers);
    headers.set('authorization', 'Bearer ' + variables.KEY);
    const { pathname } = new URL(request.url);
    return fetch(variables.UPSTREAM + pathname, { method: request.method, headers, body });
  },
};`;

/** Eight database calls in a row, and the forwarding between them. */
export const kOlderDesign = `async function call(base) {
  const answer = await fetch(base + '/rest/v1/table?select=*&limit=1', { headers: { apikey: 'k', authorization: 'Bearer k' } });
  return answer.json();
}
export default {
  async fetch(request, variables) {
    const body = await request.text();
    if (typeof JSON.parse(body).model !== 'string') return new Response('no model', { status: 400 });
    for (let i = 0; i < 4; i++) await call(variables.UPSTREAM);
    const headers = new Headers(request.headers);
    headers.set('authorization', 'Bearer ' + variables.KEY);
    const { pathname } = new URL(request.url);
    const answer = await fetch(variables.UPSTREAM + pathname, { method: request.method, headers, body });
    for (let i = 0; i < 4; i++) await call(variables.UPSTREAM);
    return answer;
  },
};`;
