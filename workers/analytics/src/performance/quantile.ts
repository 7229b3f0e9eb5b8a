import { requestBounds } from "@trivet/contracts";

/**
 * Milliseconds within which a share of the requests was answered, as if those of one bucket were spread evenly over it; of
 * the last bucket nobody knows more than the slowest request. 0 when there were none.
 */
export function quantile(buckets: readonly number[], maxMs: number, share: number): number {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  let rest = total * share;
  for (const [index, count] of buckets.entries()) {
    const lower = index === 0 ? 0 : (requestBounds[index - 1] ?? 0);
    const upper = Math.min(requestBounds[index] ?? maxMs, maxMs);
    if (count > 0 && rest <= count) return lower + Math.max(0, upper - lower) * (rest / count);
    rest -= count;
  }
  return maxMs;
}
