import type { components } from "~/api/schema.gen";
import { withPrefix } from "~/components/quantity";
import styles from "~/pages/staging/PlaceChoice.module.css";

type Location = components["schemas"]["Location"];

/** The processing locations to choose from, each with its room. */
export function PlaceChoice({ places }: { readonly places: readonly Location[] }) {
  const first = places.find(({ service }) => service.state === "in_service") ?? places[0];
  return (
    <fieldset className={styles.places}>
      <legend>To</legend>
      {places.map((place) => (
        <label key={place.id} className={styles.place}>
          <input type="radio" name="location" value={place.id} defaultChecked={place === first} required />
          <span className={styles.name}>{place.id}</span>
          <span className={styles.room}>{roomOf(place)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function roomOf(place: Location): string {
  const { state, reason } = place.service;
  if (state !== "in_service") {
    const why = reason === null ? "" : ` (${reason})`;
    return `${state.replaceAll("_", " ")}${why}: data arrive when it is in service again`;
  }
  if (place.usage === null || place.usage.total_bytes === null) return "room not known";
  return `${withPrefix(place.usage.total_bytes - place.usage.used_bytes, "B")} free`;
}
