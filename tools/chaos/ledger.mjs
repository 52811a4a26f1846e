// What the database must hold, row by row, of what the load program has seen: of each provider all in all, its models, their hours, its
// tokens, its keys. Each figure is a pair, at least and at most; the two differ only where a request may or may not have been counted: it was
// answered by an isolate that was killed before its next flush, or its connection broke and nobody can know.
import { createHash } from 'node:crypto';

const kFigures = ['requests', 'success', 'failure', 'tokens', 'cost_nano'];
const kMostAttempts = 4; // DEFAULT of the pool's MAX_ATTEMPTS: keys that one request may try

const idOf = (key) => createHash('sha256').update(key).digest('hex').slice(0, 16);
const hashOf = (token) => createHash('sha256').update(token).digest('hex');

class Rows {
  byName = new Map();

  add(name, least, most) {
    const row = this.byName.get(name) ?? Object.fromEntries(kFigures.map((figure) => [figure, [0, 0]]));
    this.byName.set(name, row);
    for (const figure of Object.keys(most)) {
      row[figure][0] += least[figure] ?? 0;
      row[figure][1] += most[figure];
    }
  }
}

const kNone = {};
const outcome = (result) => ({ requests: 1, success: result.success ? 1 : 0, failure: result.success ? 0 : 1, tokens: result.success ? result.usage.tokens : 0, cost_nano: result.success ? result.usage.cost_nano : 0 });

/** What one request adds to each row that it is counted in: {least, most}, or null when no key was tried for it. */
function sharesOf(result, mayBeLost) {
  if (result.isBroken) return { least: kNone, most: { requests: 1, success: 1, failure: 1, ...result.usage } };
  if (!result.reachedKey) return null;
  const most = outcome(result);
  if (mayBeLost(result)) return { least: kNone, most };
  return { least: result.mayBeEstimated ? { ...most, tokens: 0, cost_nano: 0 } : most, most };
}

/**
 * The rows that the database must hold, as a Map of names. `attempts`: what the upstream has received since (its own log); `mayBeLost` says of
 * which results it may know nothing; `hidesAttempts`, whether a request can have tried keys of which the upstream knows nothing.
 */
export function expectedRows(results, attempts, { mayBeLost = () => false, hidesAttempts = () => false }) {
  const rows = new Rows();
  const uncertain = new Set();
  for (const result of results) {
    const shares = sharesOf(result, mayBeLost);
    if (!shares) continue;
    const { provider, model, token } = result;
    for (const name of [`${provider}`, `${provider} model ${model}`, `${provider} hours of ${model}`, `${provider} token ${hashOf(token)}`]) rows.add(name, shares.least, shares.most);
    // The successes of its keys are those of its requests; how often they were tried and have failed is what the upstream knows.
    const known = ({ success = 0, tokens = 0, cost_nano = 0 }) => ({ success, tokens, cost_nano });
    rows.add(`${provider} all keys`, known(shares.least), known(shares.most));
    if (shares.least === kNone) uncertain.add(result.sha256);
    if (hidesAttempts(result)) rows.add(`${provider} all keys`, kNone, { requests: kMostAttempts });
  }
  const hidden = results.filter(hidesAttempts).length;
  for (const { provider, key, body_sha256 } of attempts) {
    const one = { requests: 1 };
    for (const name of [`${provider} all keys`, `${provider} key ${idOf(key)}`]) rows.add(name, uncertain.has(body_sha256) ? kNone : one, one);
  }
  for (const [name, row] of rows.byName) if (/ key /.test(name)) row.requests[1] += hidden;
  return rows.byName;
}

// Of a key only how often it was tried is known outside.
const figuresOf = (name) => (/ key /.test(name) ? ['requests'] : / all keys$/.test(name) ? ['requests', 'success', 'tokens', 'cost_nano'] : kFigures);

/** What in the database is not as it must be, as [{name, figure, least, most, counted}], and how many figures were looked at. */
export function compare(expected, counted) {
  const wrong = [];
  let compared = 0;
  for (const name of new Set([...expected.keys(), ...counted.keys()])) {
    for (const figure of figuresOf(name)) {
      const [least, most] = expected.get(name)?.[figure] ?? [0, 0];
      const value = counted.get(name)?.[figure] ?? 0;
      compared++;
      if (value < least || value > most) wrong.push({ name, figure, least, most, counted: value });
    }
  }
  return { wrong, compared };
}

/** Both providers together: {requests, success, failure, tokens, cost_nano}, `of` picks from a row's figure. */
export function totals(rows, of) {
  const sum = (figure) => [...rows].filter(([name]) => !name.includes(' ')).reduce((all, [, row]) => all + of(row[figure]), 0);
  return Object.fromEntries(kFigures.map((figure) => [figure, sum(figure)]));
}

/** The rows after, without what was there before. */
export function minus(after, before) {
  return new Map([...after].map(([name, row]) => [name, Object.fromEntries(kFigures.map((figure) => [figure, row[figure] - (before.get(name)?.[figure] ?? 0)]))]));
}
