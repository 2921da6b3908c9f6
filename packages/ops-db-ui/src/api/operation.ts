/** What the contract says of a filter of a list. */
export interface Filter {
  readonly name: string;
  readonly type: "choice" | "boolean" | "number" | "time" | "id" | "text";
  /** Whether it may be given several times; one of the values is enough. */
  readonly many: boolean;
  readonly values: readonly string[];
  readonly description: string;
}

/** What the contract says of an operation, as far as pages need it. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  /** Permission that it needs; null: any valid credential. */
  readonly permission: string | null;
  readonly filters: readonly Filter[];
  readonly sorts: readonly string[];
  readonly defaultSort: string | null;
  /** Whether it can count what matches. */
  readonly counts: boolean;
}
