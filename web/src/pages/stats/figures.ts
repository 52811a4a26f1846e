// What the page works out of the public figures. Plain functions: no rendering, no clock.
import type { ModelFigures, PublicStats } from '../../api/public';

export interface Day { requests: number; success: number; failure: number }

export function lastDay(hours: PublicStats['hourlyTrend']): Day {
  return hours.reduce((sum, hour) => ({ requests: sum.requests + hour.requests, success: sum.success + hour.success, failure: sum.failure + hour.failure }), { requests: 0, success: 0, failure: 0 });
}

/** From 0 to 1; null when nothing was asked. */
export function shareOf(part: number, whole: number): number | null {
  return whole > 0 ? Math.min(1, part / whole) : null;
}

export interface Share { model: string | null; requests: number; share: number }

/** The `most` largest models and, under null, everything else of `total`. Shares add up to 1. */
export function modelShares(models: ModelFigures[], total: number, most: number): Share[] {
  const largest = models.filter((row) => row.requests > 0).slice(0, most);
  const named = largest.reduce((sum, row) => sum + row.requests, 0);
  const whole = Math.max(total, named);
  if (whole === 0) return [];
  const shares: Share[] = largest.map(({ model, requests }) => ({ model, requests, share: requests / whole }));
  if (whole > named) shares.push({ model: null, requests: whole - named, share: (whole - named) / whole });
  return shares;
}
