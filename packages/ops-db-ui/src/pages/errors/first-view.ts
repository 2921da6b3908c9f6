/** What is shown when nothing is asked for: what is broken now, the gravest first. The route needs it before its page. */
export const FIRST_VIEW = { open: "true", sort: "-severity" };
