import type { Search } from "~/lists/address";

/** A named choice of filters and order. */
export interface Preset {
  readonly id: string;
  readonly label: string;
  readonly query: Search;
}
