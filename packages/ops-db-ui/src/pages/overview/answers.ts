import type { Answer } from "~/api/get";

/** The whole report. */
export type Status = Answer<"/api/v1/status">;

/** What the API says of everything together. */
export type Verdict = Status["verdict"];
/** Something that needs somebody. */
export type Attention = Status["attention"][number];
/** A step on the way of the data. */
export type FlowStep = Status["flow"][number];
/** How full a place is. */
export type LocationStatus = Status["locations"][number];
/** What came in today. */
export type TodayStatus = Status["today"];
/** Something that happened. */
export type RecentEvent = Status["recent"][number];
/** When something was last heard of. */
export type SignOfLife = Status["signs_of_life"][number];
