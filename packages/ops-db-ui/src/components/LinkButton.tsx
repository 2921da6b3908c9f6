import type { ComponentProps } from "react";
import styles from "~/components/Button.module.css";

/** A link that looks like a button: for addresses outside the pages, such as downloads. */
export function LinkButton({
  kind = "plain",
  className,
  ...others
}: ComponentProps<"a"> & { readonly kind?: "plain" | "main" | "quiet" }) {
  return <a {...others} className={`${styles.button} ${className ?? ""}`} data-kind={kind} />;
}
