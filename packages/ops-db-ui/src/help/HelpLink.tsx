import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** A link of a help text to a page of the interface. */
export function HelpLink({ to, children }: { readonly to: string; readonly children: ReactNode }) {
  return <Link to={to}>{children}</Link>;
}
