/** Which queues are on the wall, and how they are laid out. */

/** More on one page could not be read from where people sit. */
export const MOST_ON_A_PAGE = 9;

/** The ids named in the address, in that order; none named: all. */
export function chosen<T extends { id: string }>(queues: readonly T[], parameter: string | null): T[] {
  if (!parameter) return [...queues];
  const byId = new Map(queues.map((queue) => [queue.id, queue]));
  return parameter
    .split(",")
    .map((id) => byId.get(id.trim()))
    .filter((queue): queue is T => queue !== undefined);
}

/** Pages as evenly filled as can be. */
export function pagesOf<T>(items: readonly T[]): T[][] {
  const pages = Math.ceil(items.length / MOST_ON_A_PAGE);
  const each = Math.ceil(items.length / Math.max(1, pages));
  return Array.from({ length: pages }, (_, page) => items.slice(page * each, (page + 1) * each));
}

export function columnsFor(count: number): number {
  if (count <= 1) return 1;
  return count <= 4 ? 2 : 3;
}
