import { ActionButton } from "~/actions/ActionButton";
import { api } from "~/api/client";
import type { components } from "~/api/schema.gen";
import { actorName } from "~/components/actor";
import page from "~/components/Page.module.css";
import { Time } from "~/components/Time";
import styles from "~/pages/errors/WhoIsOnIt.module.css";

type ErrorRecord = components["schemas"]["Error"];

/** Who is on an error and since when; a button while nobody is. */
export function WhoIsOnIt({
  of: error,
  isExplained = false,
}: {
  readonly of: ErrorRecord;
  /** Beside the button stands what it says. */
  readonly isExplained?: boolean;
}) {
  if (error.acknowledged_at !== null) {
    return (
      <span>
        {actorName(error.acknowledged_by ?? "somebody")}, <Time at={error.acknowledged_at} as="age" />
      </span>
    );
  }
  if (error.resolved_at !== null) return <span>nobody had to be</span>;
  return (
    <span className={styles.nobody}>
      <span>nobody yet</span>
      <Acknowledge of={error} />
      {isExplained && <span className={page.muted}>“I look after it”; it stays open</span>}
    </span>
  );
}

function Acknowledge({ of: error }: { readonly of: ErrorRecord }) {
  return (
    <ActionButton
      operation="acknowledge_error"
      label="Acknowledge"
      title="Acknowledge this error?"
      reason="none"
      effect={
        <p>You say that you look after it, and others see that. It stays open until what failed is mended.</p>
      }
      run={({ idempotencyKey, condition }) =>
        api.POST("/api/v1/errors/{error_id}:acknowledge", {
          params: { path: { error_id: error.id }, header: { "idempotency-key": idempotencyKey } },
          headers: condition,
        })
      }
      thing={{ address: `/api/v1/errors/${error.id}`, shown: error }}
      invalidates={["/api/v1/errors", "/api/v1/errors/{error_id}", "/api/v1/status"]}
    />
  );
}
