import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** What a cell shows; the cell that names a row leads to it. */
export function CellContent({
  link,
  isGone,
  children,
}: {
  readonly link: LinkProps | undefined;
  /** Whether it names a row that is no longer in the list. */
  readonly isGone: boolean;
  readonly children: ReactNode;
}) {
  return (
    <>
      {link === undefined ? children : <Link {...link}>{children}</Link>}
      {isGone && <span className="visually-hidden"> (no longer in this list)</span>}
    </>
  );
}
