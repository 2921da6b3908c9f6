import type { components } from "~/api/schema.gen";

export type Job = components["schemas"]["StagingJob"];
export type Item = components["schemas"]["JobItem"];
