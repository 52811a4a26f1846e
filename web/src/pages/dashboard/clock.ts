// A clock for countdowns: what reads `now` while rendering renders again each second, while the page is visible.
import { signal } from '@preact/signals';

export const now = signal(Date.now());
setInterval(() => { if (document.visibilityState === 'visible') now.value = Date.now(); }, 1000);
document.addEventListener('visibilitychange', () => { now.value = Date.now(); });
