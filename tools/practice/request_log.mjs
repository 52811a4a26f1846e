// What the practice upstream received and what became of it: one record per request (the last `limit` of them) and exact
// counters per key for as long as it runs. Records hold practice keys in full; no real key ever comes here.
const kCounterNames = ['requests', 'succeeded', 'refused', 'broken', 'aborted', 'prompt', 'completion', 'cached', 'reasoning', 'cost_nano'];

export class RequestLog {
  #records = [];
  #counters = new Map();
  #next = 1;
  #dropped = 0;

  constructor(limit = 20000) {
    this.limit = limit;
  }

  /** Opens a record; its members are filled in while the request is served. */
  open(members) {
    const record = { number: this.#next++, at_ms: Date.now(), ...members, status: null, fault: null, events_sent: 0, aborted: false, outcome: 'open' };
    this.#records.push(record);
    if (this.#records.length > this.limit * 2) this.#dropped += this.#records.splice(0, this.#records.length - this.limit).length;
    const counter = this.counter(record.provider, record.key);
    counter.requests++;
    counter.in_flight++;
    counter.most_in_flight = Math.max(counter.most_in_flight, counter.in_flight);
    return record;
  }

  /** outcome: "succeeded" (sent whole), "refused" (an error status), "broken" (cut, stalled or failed in band) or "aborted"; `usage` only of what was sent whole. */
  close(record, outcome, usage) {
    if (record.outcome !== 'open') return;
    record.outcome = outcome;
    record.aborted = outcome === 'aborted';
    record.ms = Date.now() - record.at_ms;
    const counter = this.counter(record.provider, record.key);
    counter.in_flight--;
    counter[outcome]++;
    if (record.fault) counter.faults[record.fault] = (counter.faults[record.fault] ?? 0) + 1;
    if (!usage) return;
    record.usage = usage;
    for (const name of ['prompt', 'completion', 'cached', 'reasoning', 'cost_nano']) counter[name] += usage[name];
  }

  counter(provider, key) {
    const id = `${provider} ${key ?? ''}`;
    let counter = this.#counters.get(id);
    if (!counter) {
      counter = { provider, key: key ?? null, in_flight: 0, most_in_flight: 0, faults: {} };
      for (const name of kCounterNames) counter[name] = 0;
      this.#counters.set(id, counter);
    }
    return counter;
  }

  /** Records in order, filtered by exact members: list({key, path, model, outcome, ...}). */
  list(filter = {}) {
    const wanted = Object.entries(filter);
    return this.#records.slice(-this.limit).filter((record) => wanted.every(([name, value]) => String(record[name]) === String(value)));
  }

  counters() {
    const keys = [...this.#counters.values()];
    const total = { in_flight: 0 };
    for (const name of kCounterNames) total[name] = keys.reduce((sum, counter) => sum + counter[name], 0);
    for (const counter of keys) total.in_flight += counter.in_flight;
    return { total, keys, dropped_records: this.#dropped };
  }

  clear() {
    const running = this.#records.filter((record) => record.outcome === 'open');
    this.#records = running;
    this.#counters.clear();
    this.#dropped = 0;
    for (const record of running) {
      const counter = this.counter(record.provider, record.key);
      counter.requests++;
      counter.in_flight++;
    }
  }
}
