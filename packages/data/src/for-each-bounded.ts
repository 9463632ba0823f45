/**
 * Calls an async function for each item, at most `limit` at once, in order of the items. After a failure no further
 * item is started; the promise rejects with the first failure once all that was started has settled.
 */
export async function forEachBounded<T>(
  items: readonly T[],
  limit: number,
  visit: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        await visit(items[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = Array.from({ length: Math.min(limit, items.length) }, lane);
  const failure = (await Promise.allSettled(lanes)).find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
