// The providers' documented answers, read from tests/fixtures/providers/<provider>/<name>.json, for the practice upstream.
// Absolute times in a fixture refer to its `now_ms`; they are moved to the present when it is served, so that a reset stays
// as far away as the fixture says. Not a judge: what an answer means is not said here.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const kRoot = fileURLToPath(new URL('../../tests/fixtures/providers/', import.meta.url));
const kIsoTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const kEpochMs = /\b1[78]\d{11}\b/g;
const kHttpDate = /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\b/g;

export function readProviderFixtures() {
  const providers = {};
  for (const provider of readdirSync(kRoot, { withFileTypes: true })) {
    if (!provider.isDirectory()) continue;
    const fixtures = providers[provider.name] = {};
    for (const file of readdirSync(join(kRoot, provider.name))) {
      if (!file.endsWith('.json')) continue;
      const name = file.slice(0, -'.json'.length);
      fixtures[name] = { name, ...JSON.parse(readFileSync(join(kRoot, provider.name, file), 'utf8')) };
    }
  }
  return providers;
}

function moveTimes(text, by_ms) {
  return text
    .replace(kIsoTime, (time) => new Date(Date.parse(time) + by_ms).toISOString().replace(/\.\d+Z$/, 'Z'))
    .replace(kHttpDate, (time) => new Date(Date.parse(time) + by_ms).toUTCString())
    .replace(kEpochMs, (time) => String(Number(time) + by_ms));
}

/** The fixture with its times moved so that `fixture.now_ms` becomes `now_ms`. */
export function fixtureAt(fixture, now_ms) {
  const by_ms = now_ms - fixture.now_ms;
  const { headers, body, probe } = JSON.parse(moveTimes(JSON.stringify({
    headers: fixture.headers, body: fixture.body, probe: fixture.probe ?? null }), by_ms));
  return { ...fixture, headers, body, probe };
}
