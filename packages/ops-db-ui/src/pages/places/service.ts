import type { components } from "~/api/schema.gen";
import { worded } from "~/api/words";
import { actorName } from "~/components/actor";
import { brief } from "~/components/brief";

type Location = components["schemas"]["Location"];

/** Whether a place is used, said in sentences. */
export interface Said {
  /** Whether it is, and if not who or what took it out. */
  readonly sentence: string;
  /** What that means for the data, and when it ends. */
  readonly effect: string | null;
}

/** Return whether a place is in service; if not, why, by whom, what follows and what ends it. */
export function serviceOf({ id, read_only, retired_at, service, health }: Location): Said {
  if (retired_at !== null) {
    return { sentence: `The configuration does not name ${id} any more.`, effect: "It is not used." };
  }
  const whose = service.of === id ? id : `The site ${service.of}, and with it ${id},`;
  const reason = service.reason === null ? "" : `: ${brief(service.reason).replace(/\.$/, "")}`;
  switch (service.state) {
    case "suspended": {
      const by = service.by === null ? "" : ` by ${actorName(service.by)}`;
      return {
        sentence: `${whose} was taken out of service${by}${reason}.`,
        effect: "Nothing new goes there or comes from there. It stays so until somebody resumes it.",
      };
    }
    case "disabled":
      return {
        sentence: `${whose} is switched off in the configuration.`,
        effect: "Nothing goes there or comes from there until the configuration enables it.",
      };
    case "in_doubt":
      return {
        sentence: `${id} is in doubt${reason}.`,
        effect:
          "That speaks against its storage, not against each copy, so nothing is done there until somebody has checked it.",
      };
    case "paused":
      return {
        sentence: `${id} is paused after ${failures(health?.consecutive_failures ?? 0)}${reason}.`,
        effect: "When the pause ends, it is tried. If that succeeds, all that waits goes on.",
      };
    case "in_service":
      return {
        sentence: `${id} is in service.`,
        effect: read_only ? "It is read only: nothing is written to it." : null,
      };
    default:
      return { sentence: `${id}: ${worded(service.state)}${reason}.`, effect: null };
  }
}

function failures(count: number): string {
  return count === 1 ? "a failure" : `${count} failures in a row`;
}
