// Which provider the page shows: ?provider= in the address, so that a link shows what its sender saw and "back" goes back.
import { signal } from '@preact/signals';
import { kDefaultProvider } from '../../api/providers';

function providerOfAddress(): string {
  return new URLSearchParams(location.search).get('provider') || kDefaultProvider;
}

export const provider = signal(providerOfAddress());

addEventListener('popstate', () => { provider.value = providerOfAddress(); });

export function chooseProvider(id: string): void {
  const address = new URL(location.href);
  if (id === kDefaultProvider) address.searchParams.delete('provider');
  else address.searchParams.set('provider', id);
  history.pushState(null, '', address);
  provider.value = id;
}
