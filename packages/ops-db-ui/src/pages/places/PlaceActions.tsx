import { ActionButton } from "~/actions/ActionButton";
import { api } from "~/api/client";
import type { GetPath } from "~/api/get";
import type { components } from "~/api/schema.gen";

const CHANGED: GetPath[] = [
  "/api/v1/data-locations/{name}",
  "/api/v1/data-locations",
  "/api/v1/status",
  "/api/v1/events",
  "/api/v1/open-work",
];

/** Take a place out of service, or back into it. */
export function PlaceActions({ of: place }: { readonly of: components["schemas"]["Location"] }) {
  const thing = { address: `/api/v1/data-locations/${encodeURIComponent(place.id)}`, shown: place };
  if (place.suspended_at !== null) {
    return (
      <ActionButton
        operation="resume_data_location"
        kind="main"
        label="Resume"
        title={`Resume ${place.id}?`}
        reason="none"
        effect={<p>New work goes to this place again, from the next look of the planner on.</p>}
        run={({ idempotencyKey, condition }) =>
          api.POST("/api/v1/data-locations/{name}:resume", {
            params: { path: { name: place.id }, header: { "idempotency-key": idempotencyKey } },
            headers: condition,
          })
        }
        thing={thing}
        invalidates={CHANGED}
      />
    );
  }
  return (
    <ActionButton
      operation="suspend_data_location"
      label="Suspend"
      title={`Suspend ${place.id}?`}
      reason="required"
      effect={
        <p>
          No new work begins at this place; what is under way goes on. What waits for it says so. Nothing is
          deleted there either: do not suspend a place because it is full.
        </p>
      }
      run={({ reason, idempotencyKey, condition }) =>
        api.POST("/api/v1/data-locations/{name}:suspend", {
          params: { path: { name: place.id }, header: { "idempotency-key": idempotencyKey } },
          headers: condition,
          body: { reason: reason ?? "" },
        })
      }
      thing={thing}
      invalidates={CHANGED}
    />
  );
}
