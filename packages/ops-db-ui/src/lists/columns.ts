import type { LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** A column of a table: what it shows of a row, and where that goes where there is little room. */
export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** Figures stand at the end. */
  readonly align?: "end";
  /** Name of an order of the contract, without its sign. */
  readonly sort?: string;
  /** Shown from 1280 px only, unless it is chosen. */
  readonly wide?: boolean;
  /** Place on the card that a row becomes on a narrow screen; folded where not given. */
  readonly card?: "title" | "state" | "why" | "time" | "fold";
}

/** Where a row leads. */
export type RowLink<Row> = (row: Row) => LinkProps;

/** Return the columns that a table shows. */
export function shownColumns<Row>(
  columns: readonly Column<Row>[],
  chosen: readonly string[] | null,
  isWide: boolean,
): readonly Column<Row>[] {
  const known = chosen?.filter((id) => columns.some((column) => column.id === id)) ?? [];
  if (known.length > 0) return columns.filter(({ id }) => known.includes(id));
  return columns.filter(({ wide }) => isWide || wide !== true);
}

/** Return the key of a row that has an `id`, `name` or `number`. */
export function keyOfRow(row: unknown): string {
  for (const name of ["id", "name"]) {
    const value: unknown = typeof row === "object" && row !== null ? Reflect.get(row, name) : undefined;
    if (typeof value === "string" || typeof value === "number") return String(value);
  }
  throw new Error("a row without id or name needs `rowId`");
}
