import { known } from "~/api/words";
import { withPrefix } from "~/components/quantity";

const OTHER_BYTES = /\b(\d[\d,]*) bytes instead of (\d[\d,]*)\b/g;
const BYTES = /\b(?:(\d[\d,]*) of )?(\d[\d,]*) bytes\b/g;

/** What people call a thing that an action names. */
const THINGS: Readonly<Record<string, string>> = {
  execution: "observation",
  raw_data_files: "files",
  copy: "copy",
  data_location: "place",
  location: "place",
  data_transfer_route: "route",
  data_transfer: "transfer",
  long_term_archive_transfer: "transfer to archive",
  fixity_check: "verification",
  error_record: "error",
};

/** Return what was done, as a heading: `raw_data_files.filed` is `Files filed`. */
export function titleOf(action: string): string {
  const [thing = action, done = ""] = action.split(".", 2);
  const words = `${known(THINGS, thing) ?? thing} ${done}`.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Return what is told of an action beside its heading: a message that begins with what the heading ends with goes on after it. */
export function toldOf(action: string, message: string): string {
  const done = (action.split(".", 2)[1] ?? "").replaceAll("_", " ");
  const rest = done !== "" && message.startsWith(`${done} `) ? message.slice(done.length + 1) : message;
  return inUnits(rest);
}

/**
 * Return a message with its numbers of bytes in three digits: `46,298,992,320 bytes` is `46.3 GB`. Of a wrong number it
 * says by how much it is wrong, which three digits often do not show.
 */
export function inUnits(message: string): string {
  return message
    .replace(OTHER_BYTES, (_, found: string, wanted: string) => difference(found, wanted))
    .replace(BYTES, (_, part: string | undefined, whole: string) =>
      [part, whole].flatMap((figure) => (figure === undefined ? [] : [inBytes(figure)])).join(" of "),
    );
}

function difference(found: string, wanted: string): string {
  const [is, should] = [found, wanted].map((figure) => Number(figure.replaceAll(",", "")));
  if (is === undefined || should === undefined) return found;
  return `${withPrefix(Math.abs(is - should), "B")} ${is < should ? "less" : "more"} than the ${withPrefix(should, "B")} it should have`;
}

function inBytes(figure: string): string {
  return withPrefix(Number(figure.replaceAll(",", "")), "B");
}
