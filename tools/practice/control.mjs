// The control endpoint of the practice upstream, /__practice/*: faults, keys, settings, and what was received.
// JSON in, JSON out; a bad argument is a 400 that names it. For tests and for people at a terminal.
const kPrefix = '/__practice';
const kSettings = { word_delay_ms: 'number', words: 'number', usage_choices: 'string', keep_bodies: 'boolean' };

function changeSettings(settings, change) {
  for (const [name, value] of Object.entries(change)) {
    if (typeof value !== kSettings[name]) throw new TypeError(`settings.${name} is not a setting of that type; there are ${Object.keys(kSettings).join(', ')}`);
  }
  return Object.assign(settings, change);
}

const kRoutes = {
  'GET ': ({ upstream }) => ({ service: 'edgepool practice upstream: no real model, no real key', settings: upstream.settings, faults: upstream.faults.names(), rules: upstream.faults.list() }),
  'GET /faults': ({ upstream }) => upstream.faults.list(),
  'POST /faults': ({ upstream, body }) => (Array.isArray(body) ? body.map((rule) => upstream.faults.add(rule)) : upstream.faults.add(body)),
  'DELETE /faults': ({ upstream, rest }) => ({ removed: upstream.faults.remove(rest) }),
  'GET /requests': ({ upstream, query }) => upstream.requests.list(Object.fromEntries(query)),
  'DELETE /requests': ({ upstream }) => (upstream.requests.clear(), { cleared: true }),
  'GET /counters': ({ upstream }) => upstream.requests.counters(),
  'POST /keys': ({ upstream, body }) => upstream.keys.set(body),
  'DELETE /keys': ({ upstream }) => (upstream.keys.clear(), { cleared: true }),
  'POST /settings': ({ upstream, body }) => changeSettings(upstream.settings, body),
};

export function isControlPath(path) {
  return path === kPrefix || path.startsWith(`${kPrefix}/`);
}

/** The answer to a control request as {status, value}. */
export function controlAnswer(upstream, method, path, query, bodyText) {
  const [name = '', rest] = path.slice(kPrefix.length + 1).split('/');
  const route = kRoutes[`${method} ${name && `/${name}`}`];
  if (!route) return { status: 404, value: { error: `no such control: ${method} ${path}`, controls: Object.keys(kRoutes) } };
  try {
    return { status: 200, value: route({ upstream, query, rest, body: bodyText ? JSON.parse(bodyText) : {} }) };
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    return { status: 400, value: { error: error.message } };
  }
}
