// The admin token of this browser: in session storage, or in local storage when the operator asked to be remembered. A call that the pool
// answers with 401 is not lost: it waits until somebody has signed in again and is then sent once more.
import { signal } from '@preact/signals';
import { recall, remember } from '../i18n/remembered';
import { ask, ApiError, withQuery } from './client';

const kName = 'edgepool.admin';
const inSession = () => sessionStorage;

export const adminToken = signal<string | null>(recall(kName, inSession) ?? recall(kName));
/** True while a session has ended and its calls wait for the next one. */
export const hasEnded = signal(false);

interface Waiting { resume: () => void; reject: (error: unknown) => void }
let waiting: Waiting[] = [];

export type Keeping = 'session' | 'browser';

export function isRemembered(): boolean {
  return recall(kName) !== null;
}

/** Asks the pool whether the token is right, then begins or goes on with the session. Throws ApiError. */
export async function signIn(token: string, keeping: Keeping): Promise<void> {
  await ask(withQuery('/admin/stats', {}), { token });
  remember(kName, token, inSession);
  remember(kName, keeping === 'browser' ? token : null);
  adminToken.value = token;
  hasEnded.value = false;
  const resumed = waiting;
  waiting = [];
  for (const { resume } of resumed) resume();
}

export function signOut(): void {
  remember(kName, null, inSession);
  remember(kName, null);
  adminToken.value = null;
  hasEnded.value = false;
  const dropped = waiting;
  waiting = [];
  for (const { reject } of dropped) reject(new ApiError('unauthorized', 'signed out', 401));
}

function nextSession(signal?: AbortSignal): Promise<void> {
  hasEnded.value = true;
  return new Promise((resume, reject) => {
    const entry: Waiting = { resume, reject };
    waiting.push(entry);
    signal?.addEventListener('abort', () => {
      waiting = waiting.filter((other) => other !== entry);
      reject(new DOMException('aborted', 'AbortError'));
    }, { once: true });
  });
}

/** Runs `call` with the admin token; after a 401 again, with the token of the next session. */
export async function asAdmin<T>(call: (token: string) => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const used = adminToken.value ?? '';
    try {
      return await call(used);
    } catch (error) {
      if (!(error instanceof ApiError) || error.kind !== 'unauthorized') throw error;
      if (adminToken.value === used) await nextSession(signal);
    }
  }
}
