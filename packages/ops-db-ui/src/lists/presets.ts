import type { ReactNode } from "react";
import type { Search } from "~/lists/address";

/** A named choice of filters and order. */
export interface Preset {
  readonly id: string;
  readonly label: string;
  readonly query: Search;
  /** What is said where nothing is in it; without it, which filters leave nothing. */
  readonly empty?: ReactNode;
}
