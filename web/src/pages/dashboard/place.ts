// Where in the dashboard one is: the hash of the address ("#/keys/0123abcd?status=failed") and the provider, which is remembered.
import { computed, signal } from '@preact/signals';
import { recall, remember } from '../../i18n/remembered';

export const kPages = ['overview', 'keys', 'import', 'tokens', 'explain', 'playground', 'audit', 'reconcile', 'settings'] as const;
export type DashboardPage = (typeof kPages)[number];

const kProviderName = 'edgepool.provider';
export const kProviders = [['ollama', 'Ollama'], ['openrouter', 'OpenRouter']] as const;
export type Provider = (typeof kProviders)[number][0];

const hash = signal(location.hash);
addEventListener('hashchange', () => { hash.value = location.hash; });

export interface Place { page: DashboardPage; item: string | null; query: URLSearchParams }

/** An address may hold anything: what is no encoded text is taken as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const place = computed<Place>(() => {
  const [path = '', query = ''] = hash.value.replace(/^#\/?/, '').split('?');
  const [name = '', item] = path.split('/');
  const page = kPages.find((known) => known === name) ?? 'overview';
  return { page, item: item ? decoded(item) : null, query: new URLSearchParams(query) };
});

export function hrefOf(page: DashboardPage, item?: string, query?: Record<string, string>): string {
  const tail = query && Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : '';
  return `#/${page}${item ? `/${encodeURIComponent(item)}` : ''}${tail}`;
}

export function goTo(page: DashboardPage, item?: string): void {
  location.hash = hrefOf(page, item);
}

/** Changes the query of the place without a step in the history. */
export function replaceQuery(query: Record<string, string>): void {
  const set = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
  history.replaceState(null, '', hrefOf(place.value.page, place.value.item ?? undefined, set));
  hash.value = location.hash;
}

const remembered = kProviders.find(([id]) => id === recall(kProviderName));
export const provider = signal<Provider>(remembered ? remembered[0] : 'ollama');

export function chooseProvider(chosen: Provider): void {
  provider.value = chosen;
  remember(kProviderName, chosen);
  if (place.value.item) goTo(place.value.page);
}
