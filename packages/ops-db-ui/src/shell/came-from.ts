/** Most lists that are remembered: the one that led here, and those inside the pages after it. */
const MOST = 6;

interface List {
  readonly key: object;
  readonly addresses: () => readonly string[];
}

let lists: readonly List[] = [];

/**
 * Remember a list for `[` and `]`.
 *
 * @param key - what the list is known by; the same list is remembered once
 * @param addresses - called when a key is pressed, perhaps long after the list has gone: the addresses of its rows
 */
export function rememberList(key: object, addresses: () => readonly string[]): void {
  lists = [{ key, addresses }, ...lists.filter((list) => list.key !== key)].slice(0, MOST);
}

/** Return the address before or after one in the list that it was opened from; null where there is none. */
export function neighbour(address: string, step: 1 | -1): string | null {
  for (const list of lists) {
    const addresses = list.addresses();
    const at = addresses.indexOf(address);
    if (at >= 0) return addresses[at + step] ?? null;
  }
  return null;
}
