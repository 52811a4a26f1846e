// Decides which request fails, and how: rules told through the control endpoint first, then magic names.
// A rule is {match: {provider?, key?, model?, path?, dialect?}, fault, count?, skip?, every?, ...parameters}; `*` at either end
// of a match stands for anything. count: so many times, then the rule is spent; skip: let so many pass first; every: each Nth.
// Magic: the key `practice-429-weekly` or the model `practice-429-weekly` (also with a vendor and a tag) fails so always.
// A fault that marks a key with a `probe` answers the key-information route accordingly; others leave that route alone.
import { kWireFaults } from './wire_faults.mjs';

const kMagicModel = /^(?:[^/]+\/)?practice-([a-z0-9-]+)(?::[^:]*)?$/i;
const kParameterised = /^(.*)_after_(\d+)$/;

function matches(pattern, value) {
  const text = String(value ?? '');
  const wild = String(pattern);
  if (wild === '*') return true;
  if (wild.startsWith('*') && wild.endsWith('*')) return text.includes(wild.slice(1, -1));
  if (wild.startsWith('*')) return text.endsWith(wild.slice(1));
  if (wild.endsWith('*')) return text.startsWith(wild.slice(0, -1));
  return text === wild;
}

function matchesAll(match, request) {
  return Object.entries(match ?? {}).every(([member, pattern]) => matches(pattern, request[member]));
}

export class FaultBook {
  #fixtures;
  #rules = [];
  #next = 1;

  constructor(fixtures) {
    this.#fixtures = fixtures;
  }

  /** Adds a rule and returns it with its id; throws TypeError on an unknown fault or match member. */
  add(rule) {
    const { match = {}, fault, ...parameters } = rule;
    const allowed = ['provider', 'key', 'model', 'path', 'dialect'];
    const strange = Object.keys(match).find((member) => !allowed.includes(member));
    if (strange) throw new TypeError(`match.${strange} is not one of ${allowed.join(', ')}`);
    if (fault !== 'status' && !this.#isFault(fault)) throw new TypeError(`unknown fault ${JSON.stringify(fault)}; known: ${this.names().join(', ')}`);
    const stored = { id: this.#next++, match, fault, seen: 0, used: 0, ...parameters };
    this.#rules.push(stored);
    return { ...stored };
  }

  list() {
    return this.#rules.map((rule) => ({ ...rule }));
  }

  remove(id) {
    const before = this.#rules.length;
    this.#rules = id === undefined ? [] : this.#rules.filter((rule) => rule.id !== Number(id));
    return before - this.#rules.length;
  }

  names() {
    const names = new Set(['status', ...Object.keys(kWireFaults)]);
    for (const fixtures of Object.values(this.#fixtures)) for (const name of Object.keys(fixtures)) names.add(name);
    return [...names].sort();
  }

  /** The fault for this request as {fault, ...parameters}, or null. Uses up counted rules. */
  pick(request) {
    for (const rule of this.#rules) {
      if (!matchesAll(rule.match, request) || !this.#concerns(rule, request, rule.match.path !== undefined)) continue;
      rule.seen++;
      if (rule.skip && rule.seen <= rule.skip) continue;
      if (rule.every && rule.seen % rule.every !== 0) continue;
      if (rule.count !== undefined && rule.used >= rule.count) continue;
      rule.used++;
      return rule;
    }
    for (const magic of [this.#magic(request.key, /^practice-(.*)$/i), this.#magic(request.model, kMagicModel)]) {
      if (magic && this.#concerns(magic, request, false)) return magic;
    }
    return null;
  }

  #isFault(name) {
    return Object.hasOwn(kWireFaults, name) || Object.values(this.#fixtures).some((fixtures) => Object.hasOwn(fixtures, name));
  }

  #magic(text, pattern) {
    let name = pattern.exec(text ?? '')?.[1].toLowerCase().replaceAll('-', '_');
    while (name) {
      const counted = kParameterised.exec(name);
      if (counted && Object.hasOwn(kWireFaults, `${counted[1]}_after`)) return { fault: `${counted[1]}_after`, after_events: Number(counted[2]) };
      if (this.#isFault(name)) return { fault: name };
      name = name.slice(0, Math.max(0, name.lastIndexOf('_')));
    }
    return null;
  }

  /** Whether the fault has anything to say on this route and model; a rule that names a path always has. */
  #concerns(rule, request, namesPath) {
    if (rule.fault === 'status' || Object.hasOwn(kWireFaults, rule.fault)) return namesPath || !request.probe;
    const fixture = this.#fixtures[request.provider]?.[rule.fault];
    if (!fixture) return false;
    if (fixture.only && !matchesAll(fixture.only, request)) return Boolean(request.probe && fixture.probe);
    return namesPath || !request.probe || fixture.probe !== undefined || fixture.only?.path !== undefined;
  }
}
