import type { components } from "~/api/schema.gen";
import { known } from "~/api/words";
import type { Item } from "~/shell/palette-items";

type Hit = components["schemas"]["Hit"];

/** Pages of things, by where the API has the things; of a name, the observations with it. */
const ADDRESSES: Readonly<Record<string, (id: string) => string>> = {
  "executed-obs-units": (id) => `/observations/${id}`,
  "raw-data-packages": (id) => `/packages/${id}`,
  "staging-jobs": (id) => `/staging/${id}`,
  "data-locations": (id) => `/places/locations/${id}`,
  errors: (id) => `/errors/${id}`,
  "package-creations": (id) => `/work/package-creations/${id}`,
  "data-transfers": (id) => `/work/data-transfers/${id}`,
  "archive-transfers": (id) => `/work/archive-transfers/${id}`,
  "fixity-checks": (id) => `/work/fixity-checks/${id}`,
  "staging-items": (id) => `/work/staging-items/${id}`,
  deletions: (id) => `/work/deletions/${id}`,
  sources: (id) => `/observations?source=${id}`,
  "obs-units": (id) => `/observations?obs_unit=${id}`,
  "observing-programs": (id) => `/observations?program=${id}`,
  instruments: (id) => `/observations?instrument=${id}`,
};

/** Return the lines of the palette for what the API found; what has no page is listed and says so. */
export function foundItems(hits: readonly Hit[]): readonly Item[] {
  return hits.map((hit) => {
    const address = known(ADDRESSES, hit.collection);
    const kind = hit.type.replaceAll("_", " ");
    return {
      id: `hit-${hit.collection}-${hit.id}`,
      group: "Found",
      label: hit.title,
      note: hit.detail === null ? kind : `${kind} · ${hit.detail}`,
      refused: address === undefined ? `${kind}: has no page of its own` : null,
      does: { go: address?.(encodeURIComponent(hit.id)) ?? "/" },
    };
  });
}
