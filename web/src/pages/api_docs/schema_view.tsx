// A schema as a list of its members, with what each is and may be; objects inside unfold on demand.
import { messages } from '../../i18n/language';
import { referenceName, resolve, type ApiDocument, type Schema } from './document';
import { InlineProse } from './prose';

const text = messages({ required: 'required', anyOf: 'one of', default: 'default', up: 'at most', from: 'from', or: 'or', members: (name: string) => `Members of ${name}` },
  { required: '必填', anyOf: '可选值', default: '默认', up: '最多', from: '最小', or: '或', members: (name: string) => `${name} 的成员` });

const kDeepest = 5;

/** Everything that the parts of an allOf say, as one schema. */
function whole(document: ApiDocument, schema: Schema): Schema {
  const found = resolve(document, schema);
  if (!found.allOf) return found;
  const parts = found.allOf.map((part) => whole(document, part));
  return { ...found, properties: Object.assign({}, ...parts.map((part) => part.properties ?? {})), required: parts.flatMap((part) => part.required ?? []), type: parts.find((part) => part.type)?.type ?? 'object' };
}

function typeName(document: ApiDocument, schema: Schema): string {
  const found = whole(document, schema);
  if (found.const !== undefined) return JSON.stringify(found.const);
  if (found.oneOf) return found.oneOf.map((one) => typeName(document, one)).join(` ${text().or} `);
  const types = [found.type ?? 'any'].flat();
  const name = types.map((type) => (type === 'array' && found.items ? `${typeName(document, found.items)}[]` : type)).join(` ${text().or} `);
  return referenceName(schema) && types[0] === 'object' ? referenceName(schema) : found.format ? `${name} (${found.format})` : name;
}

function bounds(schema: Schema): string[] {
  const words = text();
  const said: string[] = [];
  if (schema.enum) said.push(`${words.anyOf} ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`);
  if (schema.default !== undefined) said.push(`${words.default} ${JSON.stringify(schema.default)}`);
  if (schema.minimum !== undefined) said.push(`${words.from} ${schema.minimum}`);
  if (schema.maximum !== undefined) said.push(`${words.up} ${schema.maximum}`);
  return said;
}

/** The object whose members are worth showing: the schema itself, what an array holds, or the one alternative that has members. */
function inner(document: ApiDocument, schema: Schema): Schema | null {
  const found = whole(document, schema);
  if (found.properties) return found;
  if (found.items) return inner(document, found.items);
  if (found.additionalProperties) return inner(document, found.additionalProperties);
  return found.oneOf?.map((one) => inner(document, one)).find(Boolean) ?? null;
}

function Member({ document, name, schema, isRequired, depth }: { document: ApiDocument; name: string; schema: Schema; isRequired: boolean; depth: number }) {
  const found = whole(document, schema);
  const description = schema.description ?? found.description;
  const said = bounds(found);
  const inside = depth < kDeepest ? inner(document, schema) : null;
  return (
    <li>
      <div class="member-head"><code class="member-name">{name}</code><span class="faint small">{typeName(document, schema)}</span>{isRequired && <span class="member-required">{text().required}</span>}</div>
      {description && <div class="muted small"><InlineProse>{description}</InlineProse></div>}
      {said.length > 0 && <div class="faint small mono">{said.join(' · ')}</div>}
      {inside && <details class="member-inside"><summary class="small">{text().members(name)}</summary><Members document={document} schema={inside} depth={depth + 1} /></details>}
    </li>
  );
}

export function Members({ document, schema, depth = 0 }: { document: ApiDocument; schema: Schema; depth?: number }) {
  const found = inner(document, schema);
  if (!found?.properties) return <p class="small muted">{typeName(document, schema)}{schema.description && <> — <InlineProse>{schema.description}</InlineProse></>}</p>;
  return <ul class="members">{Object.entries(found.properties).map(([name, member]) => <Member key={name} document={document} name={name} schema={member} isRequired={found.required?.includes(name) ?? false} depth={depth} />)}</ul>;
}
