import { useGet } from "~/api/get";
import { Empty } from "~/components/Empty";
import { Time } from "~/components/Time";

/** That no error is open, and since when: when the last one was seen. */
export function NoneOpen() {
  const last = useGet("/api/v1/errors", { params: { query: { sort: "-last_seen_at", limit: 1 } } });
  const [error] = last.data?.items ?? [];
  return (
    <Empty title="No error is open.">
      <p>
        {last.data === undefined || error === undefined ? (
          "What a service cannot do, or does only at the third attempt, is recorded and stands here."
        ) : (
          <>
            The last one was seen <Time at={error.last_seen_at} as="age" />
            {error.resolved_at !== null && (
              <>
                {" and ended "}
                <Time at={error.resolved_at} as="age" />
              </>
            )}
            .
          </>
        )}
      </p>
    </Empty>
  );
}
