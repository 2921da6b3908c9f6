import type { ComponentProps } from "react";
import styles from "~/components/Button.module.css";

/** A button of ours: plain, the main one of its place, one that removes or stops, or one without a border. */
export function Button({
  kind = "plain",
  className,
  ...others
}: ComponentProps<"button"> & { readonly kind?: "plain" | "main" | "danger" | "quiet" }) {
  return (
    <button type="button" {...others} className={`${styles.button} ${className ?? ""}`} data-kind={kind} />
  );
}
