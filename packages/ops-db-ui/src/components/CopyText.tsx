import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "~/components/Button";
import styles from "~/components/CopyText.module.css";
import { copyText } from "~/components/clipboard";

const SAID_FOR = 4_000;

/** A button that copies a text and says so. The text itself should be readable beside it. */
export function CopyText({ text, label }: { readonly text: string; readonly label: string }) {
  const [result, setResult] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (result === null) return;
    const timer = setTimeout(() => setResult(null), SAID_FOR);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = async () => setResult((await copyText(text)) ? "copied" : "refused");
  const Icon = result === "copied" ? Check : Copy;
  return (
    <span className={styles.copy}>
      <Button kind="quiet" onClick={() => void copy()}>
        <Icon aria-hidden size={14} />
        {label}
      </Button>
      <span role="status" className={styles.result} data-result={result}>
        {result === "copied" && "Copied"}
        {result === "refused" && "The browser does not allow copying; mark the text and copy it"}
      </span>
    </span>
  );
}
