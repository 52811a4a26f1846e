// The API document (public/openapi.json) as the page reads it: its types as far as they are shown, references, and this deployment's
// address in place of the document's.
import { ask } from '../../api/client';

export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  enum?: (string | null)[];
  const?: string;
  default?: unknown;
  format?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  oneOf?: Schema[];
  allOf?: Schema[];
}
export interface Media { schema: Schema; example?: unknown }
export interface Parameter { $ref?: string; name: string; in: 'path' | 'query' | 'header'; required?: boolean; description?: string; schema: Schema }
export interface Answer { $ref?: string; description: string; headers?: Record<string, { $ref?: string; description?: string }>; content?: Record<string, Media> }
export interface Sample { lang: string; label: string; provider?: string; source: string }
export interface Operation {
  operationId: string;
  tags: [string];
  summary: string;
  description?: string;
  deprecated?: boolean;
  security?: Record<string, unknown>[];
  parameters?: Parameter[];
  requestBody?: { description?: string; required?: boolean; content: Record<string, Media> };
  responses: Record<string, Answer>;
  'x-code-samples'?: Sample[];
}
export interface Server { url: string; description: string }
export interface ApiDocument {
  info: { title: string; version: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation | Server[]>>;
  components: Record<string, Record<string, unknown>>;
}
export interface Route { method: string; path: string; servers: Server[]; operation: Operation }

const kMethods = ['get', 'post', 'patch', 'put', 'delete'];
const kDocumentHost = 'https://pool.example.com';

export const loadDocument = (signal?: AbortSignal): Promise<ApiDocument> => ask<ApiDocument>('/openapi.json', { signal });

/** The routes in the document's order. */
export function routesOf(document: ApiDocument): Route[] {
  return Object.entries(document.paths).flatMap(([path, item]) => kMethods.filter((method) => item[method]).map((method) => (
    { method: method.toUpperCase(), path, servers: (item['servers'] as Server[] | undefined) ?? [], operation: item[method] as Operation })));
}

/** What a reference points to, or the value itself. */
export function resolve<T extends { $ref?: string }>(document: ApiDocument, value: T): T {
  if (!value.$ref) return value;
  const [kind = '', name = ''] = value.$ref.split('/').slice(2);
  return (document.components[kind]?.[name] ?? {}) as T;
}

export const referenceName = (schema: Schema): string => schema.$ref?.split('/').at(-1) ?? '';

/** A sample with this deployment's address in it. */
export const withThisHost = (source: string): string => source.replaceAll(kDocumentHost, location.origin);
