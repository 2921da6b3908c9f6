import { Link } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import type { components } from "~/api/schema.gen";
import { worded } from "~/api/words";
import { BufferBar } from "~/components/BufferBar";
import page from "~/components/Page.module.css";
import { Bytes, Count } from "~/components/Quantity";
import { grouped } from "~/components/quantity";
import { Time } from "~/components/Time";
import { isSoonFull, isUnderPressure, ruleOf, trendOf } from "~/pages/places/filling";
import { useNow } from "~/time/now";

type Location = components["schemas"]["Location"];
type Standing = components["schemas"]["LocationStatus"];
type Groups = components["schemas"]["OpenWorkGroups"];

/** Most of what is used is not known to the system if it knows of less than this share. */
const WELL_KNOWN = 0.9;

/** How full a place is, when it is full, what is deleted there, and what cannot be yet. */
export function UsagePanel({
  of: place,
  standing,
  work,
}: {
  readonly of: Location;
  /** What is there; undefined: not known yet. */
  readonly standing: Standing | undefined;
  /** Open work at the place by reason; undefined: not known yet. */
  readonly work: Groups | undefined;
}) {
  const now = useNow();
  const policy = usePolicy(place.retention_policy);
  const used = place.usage?.used_bytes ?? null;
  const known = standing === undefined ? null : standing.package_bytes + standing.file_bytes;
  return (
    <>
      <BufferBar
        label={place.id}
        used={used}
        total={place.usage?.total_bytes ?? place.capacity_bytes}
        low={place.watermark_low}
        high={place.watermark_high}
        reserved={place.reserve_bytes}
        forecast={trendOf(place, now)}
        isSoonFull={isSoonFull(place, now)}
        rule={ruleOf(place, policy)}
        hasWatermarks={isUnderPressure(place, policy)}
      />
      <p className={page.row}>
        {standing !== undefined && (
          <span>
            Here: <Count value={standing.packages} one="package" />
            {standing.files > 0 && (
              <>
                , <Count value={standing.files} one="file" />
              </>
            )}
            , <Bytes value={known} />
            {"."}
          </span>
        )}
        {used !== null && known !== null && known < used * WELL_KNOWN && (
          <span>
            The rest, <Bytes value={used - known} />, is not known to this system.
          </span>
        )}
        {place.usage !== null && (
          <span className={page.muted}>
            Measured <Time at={place.usage.measured_at} as="age" />
          </span>
        )}
      </p>
      {work !== undefined && place.location_type !== "long_term_archive" && (
        <Staying of={place} work={work} />
      )}
    </>
  );
}

/** What keeps data at a place that would be deleted there otherwise. */
function Staying({ of: place, work }: { readonly of: Location; readonly work: Groups }) {
  if (work.count === 0) return null;
  return (
    <div>
      <h3>Why it stays</h3>
      <p>What is not archived is never deleted. Here these wait to go on:</p>
      <ul>
        {work.groups.map((group) => (
          <li key={group.key ?? ""}>
            <Link
              to="/work"
              search={{
                place: place.id,
                ...(group.key === null ? {} : { reason: group.key, open: group.key }),
              }}
            >
              {grouped(group.count)}: {group.text}
            </Link>
            <Cause of={group} />. {group.next}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The errors and routes that a group of open work names, as words after its reason. */
function Cause({ of: group }: { readonly of: Groups["groups"][number] }) {
  const categories = useGet("/api/v1/error-categories", {}, { live: false });
  const errors = Object.keys(group.error_categories).map(
    (code) => categories.data?.items.find((category) => category.code === code)?.text ?? worded(code),
  );
  const words = group.reason === "given_up" ? errors : Object.keys(group.routes);
  return words.length === 0 ? null : ` (${words.join(", ")})`;
}

function usePolicy(name: string | null) {
  const found = useGet(
    "/api/v1/retention-policies/{name}",
    { params: { path: { name: name ?? "" } } },
    { enabled: name !== null, live: false },
  );
  return found.data ?? null;
}
