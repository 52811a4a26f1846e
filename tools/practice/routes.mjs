// Which answer a path gets: [method, path] to provider, dialect and the function that makes the plan.
// OpenRouter lives under /api/v1, Ollama Cloud everywhere else, so that one server can play both.
import { chatAnswer } from './openai_chat.mjs';
import { completionAnswer, embeddingsAnswer, modelAnswer, modelsAnswer } from './openai_more.mjs';
import { responsesAnswer } from './openai_responses.mjs';
import { messagesAnswer } from './anthropic_messages.mjs';
import * as native from './ollama_native.mjs';

const kOpenAiRoutes = {
  'POST /chat/completions': { dialect: 'openai', answer: chatAnswer, needs: 'messages' },
  'POST /completions': { dialect: 'openai', answer: completionAnswer, needs: 'prompt' },
  'POST /embeddings': { dialect: 'openai', answer: embeddingsAnswer, needs: 'input' },
  'POST /responses': { dialect: 'openai', answer: responsesAnswer, needs: 'input' },
  'POST /messages': { dialect: 'anthropic', answer: messagesAnswer, needs: 'messages' },
  'GET /models': { dialect: 'openai', answer: modelsAnswer, open: true },
};
const kNativeRoutes = {
  'POST /api/chat': { answer: native.chatAnswer, needs: 'messages' },
  'POST /api/generate': { answer: native.generateAnswer, needs: 'prompt' },
  'POST /api/embed': { answer: native.embedAnswer, needs: 'input' },
  'POST /api/embeddings': { answer: native.embeddingsAnswer, needs: 'prompt' },
  'POST /api/show': { answer: native.showAnswer },
  'GET /api/tags': { answer: native.tagsAnswer, open: true },
  'GET /api/version': { answer: native.versionAnswer, open: true },
  'GET /api/balance': { probe: true },
};

function buildTable() {
  const table = new Map();
  for (const [line, route] of Object.entries(kOpenAiRoutes)) {
    const [method, path] = line.split(' ');
    table.set(`${method} /v1${path}`, { provider: 'ollama', ...route });
    table.set(`${method} /api/v1${path}`, { provider: 'openrouter', ...route });
  }
  for (const [line, route] of Object.entries(kNativeRoutes)) table.set(line, { provider: 'ollama', dialect: 'native', ...route });
  table.set('GET /api/v1/key', { provider: 'openrouter', dialect: 'openai', probe: true });
  return table;
}

const kTable = buildTable();

/** {provider, dialect, answer, needs?, open?, probe?}, or {provider, dialect} alone when there is no such route. */
export function routeOf(method, path) {
  const route = kTable.get(`${method} ${path}`);
  if (route) return route;
  const provider = path.startsWith('/api/v1/') ? 'openrouter' : 'ollama';
  const prefix = provider === 'openrouter' ? '/api/v1/models/' : '/v1/models/';
  if (method === 'GET' && path.startsWith(prefix)) {
    const id = decodeURIComponent(path.slice(prefix.length));
    return { provider, dialect: 'openai', answer: (call) => modelAnswer(call, id), open: true };
  }
  return { provider, dialect: provider === 'ollama' && path.startsWith('/api/') ? 'native' : 'openai' };
}
