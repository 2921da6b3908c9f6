import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** What a cell shows; the cell that names a row leads to it. */
export function CellContent({
  link,
  children,
}: {
  readonly link: LinkProps | undefined;
  readonly children: ReactNode;
}) {
  return link === undefined ? children : <Link {...link}>{children}</Link>;
}
