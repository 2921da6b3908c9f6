import { Link, useMatches } from "@tanstack/react-router";
import { CircleHelp } from "lucide-react";
import { helpPageOf } from "~/help/pages";
import styles from "~/shell/HelpButton.module.css";

/** Leads to the help text of the page that is shown. */
export function HelpButton() {
  const page = helpPageOf(useMatches().at(-1)?.fullPath ?? "/");
  return (
    <Link to="/help/$page" params={{ page }} className={styles.help ?? ""} aria-label="Help for this page">
      <CircleHelp aria-hidden size={18} />
    </Link>
  );
}
