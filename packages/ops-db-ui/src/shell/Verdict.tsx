import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { useGet } from "~/api/get";
import { known } from "~/api/words";
import { State } from "~/components/State";
import { useFreshness } from "~/live/freshness";
import { setVerdict } from "~/live/verdict";
import styles from "~/shell/Verdict.module.css";
import { setClock } from "~/time/now";

const ICONS = { green: "ok", watch: "watch", act: "act", unknown: "unknown" } as const;

/** Whether all is well: a word that leads to the Overview, and the icon of the tab. Grey while unknown. */
export function Verdict() {
  const status = useGet("/api/v1/status", {});
  const freshness = useFreshness();
  const level = freshness.state === "live" ? (status.data?.verdict.level ?? "unknown") : "unknown";
  const count = status.data?.attention.filter(({ severity }) => severity === level).length ?? 0;
  const words = count === 0 ? level : `${level} ${count}`;
  useEffect(() => {
    setVerdict(level);
    document
      .querySelector("link[rel=icon]")
      ?.setAttribute("href", `/icon-${known(ICONS, level) ?? "unknown"}.svg`);
  }, [level]);
  const { data, dataUpdatedAt, isPlaceholderData } = status;
  const at = isPlaceholderData ? undefined : data?.at;
  useEffect(() => {
    if (at !== undefined) setClock(new Date(at), dataUpdatedAt);
  }, [at, dataUpdatedAt]);
  return (
    <Link to="/" className={styles.verdict ?? ""} aria-label={`Verdict: ${words}. Overview`}>
      <State of={level} word={words} />
    </Link>
  );
}
