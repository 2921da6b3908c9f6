import { type Action, ActionButton } from "~/actions/ActionButton";
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

type Place = components["schemas"]["Location"];

/** Take a place out of service, or back into it; have it tried that is paused. */
export function PlaceActions({ of: place }: { readonly of: Place }) {
  if (place.suspended_at !== null) {
    return (
      <Resume
        of={place}
        kind="main"
        label="Resume"
        title={`Resume ${place.id}?`}
        effect={<p>New work goes to this place again, from the next look of the planner on.</p>}
      />
    );
  }
  return (
    <>
      {place.service.state === "paused" && (
        <Resume
          of={place}
          label="Try now"
          title={`Try ${place.id} now?`}
          effect={
            <p>It is tried at once, and not when its pause ends. If it works, all that waits goes on.</p>
          }
        />
      )}
      <Suspend of={place} />
    </>
  );
}

function Resume({
  of: place,
  ...button
}: { readonly of: Place } & Pick<Action, "kind" | "label" | "title" | "effect">) {
  return (
    <ActionButton
      operation="resume_data_location"
      reason="none"
      {...button}
      run={({ idempotencyKey, condition }) =>
        api.POST("/api/v1/data-locations/{name}:resume", {
          params: { path: { name: place.id }, header: { "idempotency-key": idempotencyKey } },
          headers: condition,
        })
      }
      thing={thingOf(place)}
      invalidates={CHANGED}
    />
  );
}

function Suspend({ of: place }: { readonly of: Place }) {
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
      thing={thingOf(place)}
      invalidates={CHANGED}
    />
  );
}

function thingOf(place: Place) {
  return { address: `/api/v1/data-locations/${encodeURIComponent(place.id)}`, shown: place };
}
