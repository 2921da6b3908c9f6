import type { components } from "~/api/schema.gen";
import { useWho } from "~/api/who";
import { Contact } from "~/components/Contact";
import { KeyValues } from "~/components/KeyValues";
import page from "~/components/Page.module.css";
import { Bytes } from "~/components/Quantity";
import { withPrefix } from "~/components/quantity";
import { span } from "~/time/format";

type Location = components["schemas"]["Location"];

/** How a place is configured, and how that is changed. */
export function PlaceFacts({ of: data }: { readonly of: Location }) {
  const isArchive = data.location_type === "long_term_archive";
  const isSource = data.location_type === "source";
  const items: readonly (readonly [string, React.ReactNode])[] = [
    ["Name", data.name],
    ["Site", data.site],
    ["Who looks after it", <Keepers key="who" of={data} />],
    ["Kind", `${data.location_type.replaceAll("_", " ")} on ${data.storage_type}`],
    ["Where", <Address key="where" of={data} />],
    ["Instrument", data.instrument],
    ["Watermarks", isArchive ? null : `lower ${data.watermark_low} %, upper ${data.watermark_high} %`],
    ["Kept free", data.reserve_bytes === 0 ? null : <Bytes key="reserve" value={data.reserve_bytes} />],
    [
      "Deletion",
      isArchive
        ? "never"
        : `${data.deletion_mode.replaceAll("_", " ")}, policy ${data.retention_policy ?? "none"}`,
    ],
    ["Read again", isArchive ? readAgain(data.scrub_interval, data.scrub_bytes_per_day) : null],
    ["At the same time", `${data.concurrency} pieces of work`],
    ["Packages up to", !isSource ? null : <Bytes key="limit" value={data.package_size_limit} />],
    ["Packaged after", !isSource ? null : span(data.package_age_limit * 1_000)],
    ["At the end packaged after", !isSource ? null : `${span(data.settle_time * 1_000)} without a new file`],
    ["Bad files left out after", !isSource ? null : leftOutAfter(data.leave_out_after)],
  ];
  return (
    <>
      <KeyValues items={items.filter(([, value]) => value !== null)} />
      <p className={page.muted}>
        To change this, edit <code>{data.id}</code> under <code>data_locations</code> in the site's
        configuration, look at <code>opsdb config plan</code>, and apply it.
      </p>
    </>
  );
}

function readAgain(seconds: number, bytesPerDay: number | null): string {
  const limit = bytesPerDay === null ? "" : `, at most ${withPrefix(bytesPerDay, "B")} a day`;
  return `each copy within ${span(seconds * 1_000)}${limit}`;
}

function leftOutAfter(seconds: number | null): string {
  return seconds === null ? "never" : span(seconds * 1_000);
}

function Keepers({ of: { site } }: { readonly of: Location }) {
  const who = useWho();
  return (
    <span>
      {who("site", [site])}
      <Contact where={[site]} />
    </span>
  );
}

function Address({ of: data }: { readonly of: Location }) {
  const bucket = data.bucket === null ? null : `${data.endpoint ?? ""} ${data.bucket}/${data.prefix ?? ""}`;
  const text = bucket ?? [data.host, data.path].filter((part) => part !== null).join(":");
  return <span className={page.fixed}>{text === "" ? "–" : text}</span>;
}
