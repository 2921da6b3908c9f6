import { answerCall } from "~tests/answers";

/** Let the API answer who looks after what, as far as pages ask for it. */
export function answerNames(): void {
  const lists = {
    sites: [
      { id: "telescope", name: "FYST", contact: "data-centre@ccat.example.org" },
      { id: "cologne", name: "Cologne", contact: "night shift, +49 221 4710 100" },
    ],
    routes: [{ id: "summit-cologne", origin_site: "telescope", destination_site: "cologne" }],
    "data-locations": [
      { id: "primecam-disk", site: "telescope", instrument: "prime-cam" },
      { id: "summit-buffer", site: "telescope", instrument: null },
    ],
  };
  for (const [list, items] of Object.entries(lists)) {
    answerCall(`GET /api/v1/${list}`, 200, { items, next_cursor: null });
  }
}
