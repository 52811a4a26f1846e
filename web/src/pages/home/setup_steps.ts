// How far the operator has come in setting the pool up, worked out from what anybody may know: /health and the public figures.
// Plain functions: no rendering, no clock.
import type { Health, PublicStats } from '../../api/public';

export type StepName = 'schema' | 'admin_token' | 'rest_url' | 'service_key' | 'problems' | 'keys' | 'request';

/** waiting: cannot be known before the steps that come first. */
export type StepState = 'done' | 'todo' | 'waiting';

export interface Step { name: StepName; state: StepState }

const kVariables: [StepName, string][] = [['admin_token', 'ADMIN_TOKEN'], ['rest_url', 'SUPABASE_REST_URL'], ['service_key', 'SUPABASE_SERVICE_ROLE_KEY']];

export const variableOf = (name: StepName): string => kVariables.find(([step]) => step === name)?.[1] ?? '';

function schemaState(health: Health): StepState {
  if (!health.configured || !health.storage) return 'waiting';
  const enabled = Object.values(health.providers).filter((row) => row.enabled);
  if (enabled.some((row) => row.tables === 'ok') && enabled.every((row) => row.tables === 'ok' || row.tables === 'missing')) return 'done';
  if (!health.storage.reachable) return 'waiting';
  return 'todo';
}

/** The steps in the order in which they are done. `figures`: of every provider that could be asked; null = not known yet. */
export function setupSteps(health: Health, figures: PublicStats[] | null): Step[] {
  const schema = schemaState(health);
  const steps: Step[] = [{ name: 'schema', state: schema }];
  for (const [name, variable] of kVariables) steps.push({ name, state: health.missing?.includes(variable) ? 'todo' : 'done' });
  if (health.problems && health.problems.length > 0) steps.push({ name: 'problems', state: 'todo' });
  const usable = Object.values(health.providers).some((row) => (row.usableKeys ?? 0) > 0);
  const hasKeys = usable || (figures ?? []).some((stats) => stats.global.totalApiKeys > 0);
  const hasRequests = (figures ?? []).some((stats) => stats.global.totalRequests > 0);
  const later = (isDone: boolean, isAsked: boolean): StepState => (isDone ? 'done' : isAsked ? 'todo' : 'waiting');
  steps.push({ name: 'keys', state: later(hasKeys, schema === 'done' && figures !== null) });
  steps.push({ name: 'request', state: later(hasRequests, hasKeys) });
  return steps;
}

/** Once a request has been served the guide has done its work, whatever happens to the database later. */
export function isSetUp(health: Health, figures: PublicStats[] | null): boolean {
  if (!health.configured) return false;
  if (figures === null) return health.status === 'ok';
  const steps = setupSteps(health, figures);
  const served = steps.at(-1)!.state === 'done';
  return served || (figures.length === 0 && health.storage?.reachable === false);
}
