import { ActionButton } from "~/actions/ActionButton";
import { api } from "~/api/client";
import type { components } from "~/api/schema.gen";
import { Time } from "~/components/Time";

/** Who took note of an error and when; a button while nobody has. */
export function Acknowledge({ of: error }: { readonly of: components["schemas"]["Error"] }) {
  if (error.acknowledged_at !== null) {
    return (
      <span>
        {error.acknowledged_by}, <Time at={error.acknowledged_at} as="age" />
      </span>
    );
  }
  if (error.resolved_at !== null) return <span>ended by itself</span>;
  return (
    <ActionButton
      operation="acknowledge_error"
      label="Acknowledge"
      title="Acknowledge this error?"
      reason="none"
      effect={
        <p>Others see that you take care of it. Nothing else changes: what failed is still to be mended.</p>
      }
      run={({ idempotencyKey }) =>
        api.POST("/api/v1/errors/{error_id}:acknowledge", {
          params: { path: { error_id: error.id }, header: { "idempotency-key": idempotencyKey } },
        })
      }
      invalidates={["/api/v1/errors", "/api/v1/errors/{error_id}", "/api/v1/status"]}
    />
  );
}
