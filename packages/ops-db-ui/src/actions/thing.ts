import { api, bodyOf } from "~/api/client";

type Fields = Readonly<Record<string, unknown>>;

/** One thing that an action is for, as the page showed it. */
export interface Thing {
  /** Where the API shows it: `/api/v1/errors/…`. */
  readonly address: string;
  /** What the page showed of it, by the names of the API; null: it has it in another form. */
  readonly shown: object | null;
}

/** What the API shows of a thing, and by what it knows that state again. */
export interface Seen {
  readonly etag: string | null;
  readonly fields: Fields;
}

/** A field that is not what it was. */
export interface Change {
  readonly field: string;
  readonly before: unknown;
  readonly now: unknown;
}

/** What is measured, not decided: the API's ETags do not tell of it either. */
const MEASURED: ReadonlySet<string> = new Set([
  "usage",
  "health",
  "service",
  "progressed_at",
  "lease_owner",
  "lease_expires_at",
  "bytes_done",
  "bytes_total",
  "waiting_reason",
  "waiting_detail",
  "waiting_since",
  "last_seen_at",
  "count",
]);

/** Look at a thing as it is now. */
export async function look(address: string): Promise<Seen> {
  const call = api.request as (
    method: string,
    path: string,
  ) => Promise<{ data?: Fields; response: Response }>;
  const answer = await call("get", address);
  return { etag: answer.response.headers.get("etag"), fields: bodyOf(answer) };
}

/** Return what is different in the fields that both have. */
export function changesOf(before: object, now: object): readonly Change[] {
  const fields = new Map(Object.entries(now));
  return Object.entries(before)
    .filter(([field]) => fields.has(field) && !MEASURED.has(field))
    .map(([field, value]) => ({ field, before: value as unknown, now: fields.get(field) as unknown }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.now));
}
