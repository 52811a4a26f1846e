// A strict reader of Prometheus' text format 0.0.4: what its own parser would refuse throws here. Answers the samples as a map from
// name and labels to the value's text.

const kName = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const kLabel = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const kSample = new RegExp(`^(${kName})(\\{${kLabel}(?:,${kLabel})*\\})? (-?(?:[0-9]+(?:\\.[0-9]+)?))$`);
const kComment = new RegExp(`^# (HELP|TYPE) (${kName}) (.+)$`);
const kSuffixes = { summary: ['_sum', '_count'], counter: [''], gauge: [''] };

class Family {
  constructor(name) {
    this.name = name;
  }
}

export function readMetrics(text) {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const samples = new Map();
  const seen = new Set();
  let family = null;
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = kComment.exec(line);
    if (comment) {
      const [, kind, name, rest] = comment;
      if (family?.name !== name) {
        if (seen.has(name)) throw new Error(`the family ${name} is in two pieces`);
        seen.add(name);
        family = new Family(name);
      }
      if (family.hasSamples) throw new Error(`${kind} behind the samples of ${name}`);
      if (family[kind]) throw new Error(`a second ${kind} of ${name}`);
      if (kind === 'TYPE' && !kSuffixes[rest]) throw new Error(`the type of ${name} is ${rest}`);
      family[kind] = rest;
      continue;
    }
    const sample = kSample.exec(line);
    if (!sample) throw new Error(`not a line of the format: ${JSON.stringify(line)}`);
    const [, name, labels = '', value] = sample;
    if (!family?.TYPE || !kSuffixes[family.TYPE].some((suffix) => name === family.name + suffix)) throw new Error(`${name} is not of the family ${family?.name}`);
    if (family.TYPE === 'counter' && (!family.name.endsWith('_total') || Number(value) < 0)) throw new Error(`${name} is no counter`);
    const names = [...labels.matchAll(/([a-zA-Z0-9_]+)="(?:[^"\\]|\\.)*"/g)].map((match) => match[1]);
    if (new Set(names).size !== names.length) throw new Error(`a label twice: ${line}`);
    if (samples.has(name + labels)) throw new Error(`a sample twice: ${name}${labels}`);
    samples.set(name + labels, value);
    family.hasSamples = true;
  }
  return samples;
}
