// The API document as a test reads it: its operations, whether an answer is what it says, and its curl lines as requests.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export const kDocument = JSON.parse(readFileSync(new URL('../../../web/public/openapi.json', import.meta.url), 'utf8'));
export const kDocumentHost = 'https://pool.example.com';

/** [{method, path, operation}] */
export const kOperations = Object.entries(kDocument.paths).flatMap(([path, item]) => Object.entries(item).filter(([, operation]) => operation.operationId)
  .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })));

export function resolved(value) {
  if (!value?.$ref) return value;
  return resolved(value.$ref.split('/').slice(1).reduce((part, name) => part[name], kDocument));
}

const typeOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value);

function merged(schema) {
  const found = resolved(schema);
  if (!found.allOf) return found;
  const parts = found.allOf.map(merged);
  return { ...found, type: 'object', properties: Object.assign({}, ...parts.map((part) => part.properties)), required: parts.flatMap((part) => part.required ?? []) };
}

/** Where `value` is not what `schema` says: wrong types, missing members, and members that the document does not know. */
export function faults(schema, value, at = '') {
  const found = merged(schema);
  if (found.oneOf) {
    const tried = found.oneOf.map((one) => faults(one, value, at));
    return tried.some((list) => list.length === 0) ? [] : tried[0];
  }
  const type = typeOf(value);
  const types = found.type ? [found.type].flat() : [type];
  if (!types.includes(type) && !(type === 'integer' && types.includes('number'))) return [`${at}: ${type}, not ${types.join(' or ')}`];
  if (found.enum && !found.enum.includes(value)) return [`${at}: ${JSON.stringify(value)} is none of ${found.enum.join(', ')}`];
  if (found.const !== undefined && found.const !== value) return [`${at}: ${JSON.stringify(value)}, not ${found.const}`];
  if (found.pattern && type === 'string' && !new RegExp(found.pattern).test(value)) return [`${at}: ${JSON.stringify(value)} is not of the form ${found.pattern}`];
  if (type === 'array') return found.items ? value.flatMap((item, i) => faults(found.items, item, `${at}[${i}]`)) : [];
  if (type !== 'object' || !(found.properties || found.additionalProperties)) return [];
  const missing = (found.required ?? []).filter((name) => !(name in value)).map((name) => `${at}.${name}: missing`);
  return missing.concat(Object.entries(value).flatMap(([name, member]) => {
    const known = found.properties?.[name] ?? found.additionalProperties;
    return known ? faults(known, member, `${at}.${name}`) : [`${at}.${name}: not in the document`];
  }));
}

/** What a documented curl line asks for: {method, url, headers, body}. bash itself takes the line apart; nothing is sent. */
export function requestOfCurl(source, variables) {
  const words = execFileSync('bash', ['-c', `curl() { printf '%s\\0' "$@"; }\n${source}`], { env: variables, encoding: 'utf8' }).split('\0').slice(0, -1);
  const request = { method: undefined, url: '', headers: {}, body: undefined };
  for (let i = 0; i < words.length; ++i) {
    const takes = { '-X': 'method', '-H': 'header', '-d': 'body', '--data-binary': 'body', '-o': 'file' }[words[i]];
    if (!takes) request.url = words[i];
    else if (takes === 'header') request.headers[words[++i].split(': ')[0].toLowerCase()] = words[i].split(': ').slice(1).join(': ');
    else request[takes] = words[++i];
  }
  return { ...request, method: request.method ?? (request.body === undefined ? 'GET' : 'POST') };
}
