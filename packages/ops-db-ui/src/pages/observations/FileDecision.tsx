import { ActionButton } from "~/actions/ActionButton";
import { api } from "~/api/client";
import page from "~/components/Page.module.css";
import type { RawFile } from "~/pages/observations/answers";

const DECIDED = {
  set_aside: "set aside: it stays where it is, in no tar",
  filed_anew: "filed anew: a later package carries it",
} as const;

const SHOWN = ["/api/v1/raw-data-files"] as const;

/** What was decided on a file that is not as it was filed; nothing yet: to decide on it. */
export function FileDecision({ of: file }: { readonly of: RawFile }) {
  if (file.decision !== null) return DECIDED[file.decision as keyof typeof DECIDED];
  const named = { where: { id: [file.id] }, dry_run: false };
  return (
    <span className={page.row}>
      <ActionButton
        operation="file_raw_data_files_anew"
        label="File anew"
        title={`File ${file.relative_path} anew?`}
        reason="required"
        effect={
          <p>
            A later package carries it, if it is by then as it was filed. To file its bytes as they are now,
            run <code>ccat-transfer file anew {file.id} --as-it-is</code> where its source is seen.
          </p>
        }
        run={({ reason, idempotencyKey }) =>
          api.POST("/api/v1/raw-data-files:file-anew", {
            params: { header: { "idempotency-key": idempotencyKey } },
            body: { ...named, reason: reason ?? "" },
          })
        }
        invalidates={SHOWN}
      />
      <ActionButton
        operation="set_raw_data_files_aside"
        label="Set aside"
        title={`Set ${file.relative_path} aside?`}
        reason="required"
        effect={<p>It stays at {file.source_location}, in no tar. No package waits for it any more.</p>}
        run={({ reason, idempotencyKey }) =>
          api.POST("/api/v1/raw-data-files:set-aside", {
            params: { header: { "idempotency-key": idempotencyKey } },
            body: { ...named, reason: reason ?? "" },
          })
        }
        invalidates={SHOWN}
      />
    </span>
  );
}
