// Can a token be guessed by how long its refusal takes? Tokens that share more and more of a valid one's beginning are sent in turn with
// tokens that share nothing, and the two groups' times are compared by Welch's t-test on what lies below the 90th percentile (the rest is
// the machine's). Both are compared by their SHA-256, so there is nothing to be seen: |t| stays below what chance gives.
import { request as httpRequest, Agent } from 'node:http';
import { randomBytes } from 'node:crypto';

const kSuspicious_t = 4.5; // the usual bound of leakage tests (TVLA): one in 100,000 by chance
const kKeptShare = 0.9;

function ask(agent, url, path, credential) {
  return new Promise((done, failed) => {
    const begun = process.hrtime.bigint();
    const sent = httpRequest(new URL(path, url), { method: 'GET', agent, headers: { authorization: `Bearer ${credential}` } }, (response) => {
      response.on('data', () => {}).on('end', () => done(Number(process.hrtime.bigint() - begun) / 1000)).on('error', failed);
    });
    sent.on('error', failed).end();
  });
}

function momentsOf(times) {
  const kept = times.toSorted((a, b) => a - b).slice(0, Math.floor(times.length * kKeptShare));
  const mean = kept.reduce((sum, us) => sum + us, 0) / kept.length;
  return { mean, variance: kept.reduce((sum, us) => sum + (us - mean) ** 2, 0) / (kept.length - 1), count: kept.length };
}

export function welch_t(a, b) {
  const [left, right] = [momentsOf(a), momentsOf(b)];
  return (left.mean - right.mean) / Math.sqrt(left.variance / left.count + right.variance / right.count);
}

/** Answers [{what, asks, near_us, far_us, t, isSuspicious}]: refusals of tokens that are nearly right, and of ones that are not at all. */
export async function measureTiming(pool, asks) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const rows = [];
  for (const { what, path, secret } of [{ what: 'a client token', path: '/v1/models?timing', secret: pool.token }, { what: 'the admin token', path: '/admin/stats', secret: pool.adminToken }]) {
    const times = { near: [], far: [] };
    for (let i = 0; i < asks; i++) {
      const wrong = randomBytes(secret.length).toString('hex').slice(0, secret.length);
      const near = secret.slice(0, -4) + wrong.slice(0, 4);
      const order = i % 2 === 0 ? ['near', 'far'] : ['far', 'near'];
      for (const kind of order) times[kind].push(await ask(agent, pool.url, path, kind === 'near' ? near : wrong));
    }
    const t = welch_t(times.near, times.far);
    rows.push({ what, asks, near_us: momentsOf(times.near).mean, far_us: momentsOf(times.far).mean, t, isSuspicious: Math.abs(t) > kSuspicious_t });
  }
  agent.destroy();
  return rows;
}
