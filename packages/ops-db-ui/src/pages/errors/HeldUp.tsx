import { Link } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import { worded } from "~/api/words";
import { Panel } from "~/components/Panel";
import { grouped } from "~/components/quantity";
import { State } from "~/components/State";
import { Time } from "~/components/Time";

/** What a route holds up: whether it is in service, when it is tried next, and what waits for it by reason; what was given up needs more than the route. */
export function HeldUp({ route }: { readonly route: string }) {
  const found = useGet("/api/v1/routes/{name}", { params: { path: { name: route } } });
  const groups = useGet("/api/v1/open-work/groups", {
    params: { query: { route: [route], reason_not: ["in_progress", "given_up"], by: "reason" } },
  });
  return (
    <Panel title="What it holds up" of={groups}>
      {({ count, groups: waiting }) => (
        <>
          {found.data !== undefined && (
            <p>
              Route {route} <State of={found.data.service.state} word={worded(found.data.service.state)} />
              {found.data.service.next_at !== null && (
                <>
                  {" "}
                  next try <Time at={found.data.service.next_at} as="age" />
                </>
              )}
            </p>
          )}
          {count === 0 ? (
            <p>Nothing waits for {route}.</p>
          ) : (
            <ul>
              {waiting.map((group) => (
                <li key={group.key ?? ""}>
                  <Link
                    to="/work"
                    search={{ route, ...(group.key === null ? {} : { reason: group.key, open: group.key }) }}
                  >
                    {grouped(group.count)}: {group.text}
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Panel>
  );
}
