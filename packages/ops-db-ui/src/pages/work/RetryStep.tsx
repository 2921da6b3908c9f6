import page from "~/components/Page.module.css";
import { WorkVerbs } from "~/pages/work/WorkVerbs";
import type { OpenRow } from "~/pages/work/work-rows";

/** The retry as the last step of what to do, with what it does now. */
export function RetryStep({
  collection,
  id,
  isFirst = false,
  open,
}: {
  readonly collection: string;
  readonly id: string;
  /** Nothing has to be done before. */
  readonly isFirst?: boolean;
  /** The work, as open work; undefined: not known. */
  readonly open: OpenRow | undefined;
}) {
  return (
    <span className={page.row}>
      {isFirst ? "Retry it:" : "When that is done, retry it:"}
      <WorkVerbs collection={collection} id={id} verbs={["retry"]} />
      {open?.on_retry != null && <span className={page.muted}>{open.on_retry}</span>}
    </span>
  );
}
