// The providers as people know them. The pool's own table is src/provider/; a provider that is not named here shows under its id.
const kNames: Record<string, string> = { ollama: 'Ollama Cloud', openrouter: 'OpenRouter' };

export const kProviderIds = ['ollama', 'openrouter'] as const;
export const kDefaultProvider = 'ollama';

export function providerName(id: string): string {
  return kNames[id] ?? id;
}
