import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { api, bodyOf } from "~/api/client";
import { useGet } from "~/api/get";
import type { Problem } from "~/api/problem";
import type { components } from "~/api/schema.gen";
import { Button } from "~/components/Button";
import { Empty } from "~/components/Empty";
import { Loading } from "~/components/Loading";
import { ProblemNote } from "~/components/ProblemNote";
import { grouped, withPrefix } from "~/components/quantity";
import { PlaceChoice } from "~/pages/staging/PlaceChoice";
import styles from "~/pages/staging/StageForm.module.css";

type Job = components["schemas"]["StagingJob"];
type Location = components["schemas"]["Location"];
type Progress = components["schemas"]["ExecutionProgress"];

/** What is to be staged. */
export interface Staged {
  readonly executionId: string;
  readonly title: string;
}

const DAY = 86_400;
const USUAL_DAYS = "14";
const PERIODS = [
  ["1", "1 day"],
  ["7", "7 days"],
  ["14", "14 days"],
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "1 year"],
] as const;
const MOST_LOCATIONS = 1000;

/** Where to, for how long and what for; then it leads to the job. */
export function StageForm({ of, onCancel }: { readonly of: Staged; readonly onCancel: () => void }) {
  const id = useId();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const progress = useGet("/api/v1/executed-obs-units/{execution_id}/progress", {
    params: { path: { execution_id: of.executionId } },
  });
  const locations = useGet("/api/v1/data-locations", { params: { query: { limit: MOST_LOCATIONS } } });
  const stage = useMutation<Job, Problem, FormData>({
    mutationFn: (form) => request(of.executionId, form, key),
    // The same key gets the same answer: another try after a refusal is another request.
    onError: ({ status }) => status !== 0 && setKey(crypto.randomUUID()),
    onSuccess: (job) => {
      void cache.invalidateQueries({ queryKey: ["/api/v1/staging-jobs"] });
      void navigate({ to: "/staging/$id", params: { id: job.id } });
    },
  });
  const failed = [progress, locations].find(({ isError, data }) => isError && data === undefined);
  if (failed?.error) return <ProblemNote error={failed.error} again={() => void failed.refetch()} />;
  if (progress.data === undefined || locations.data === undefined) return <Loading />;
  const places = locations.data.items.filter((one) => one.location_type === "processing" && one.enabled);
  const obstacle = whyNot(progress.data, places);
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    stage.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className={styles.form} onSubmit={send}>
      <p>{whatOf(progress.data)} They are verified on arrival and unpacked with their own names and times.</p>
      <PlaceChoice places={places} />
      <div className={styles.pair}>
        <div className={styles.field}>
          <label htmlFor={`${id}-keep`}>Keep after arrival</label>
          <select id={`${id}-keep`} name="days" defaultValue={USUAL_DAYS} className={styles.input}>
            {PERIODS.map(([days, label]) => (
              <option key={days} value={days}>
                {label}
              </option>
            ))}
          </select>
        </div>
        <div className={styles.field}>
          <label htmlFor={`${id}-pin`}>
            And at least until <span className={styles.optional}>optional</span>
          </label>
          <input
            id={`${id}-pin`}
            name="pin"
            className={styles.input}
            placeholder="2027-01-31"
            pattern="\d{4}-\d\d-\d\d"
            title="A date as 2027-01-31"
            autoComplete="off"
          />
        </div>
      </div>
      <div className={styles.field}>
        <label htmlFor={`${id}-reason`}>
          What for <span className={styles.optional}>optional, for the record</span>
        </label>
        <input id={`${id}-reason`} name="reason" maxLength={500} className={styles.input} dir="auto" />
      </div>
      {obstacle !== null && <Empty title={obstacle} />}
      {stage.isError && <ProblemNote error={stage.error} />}
      <div className={styles.foot}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="main" type="submit" disabled={obstacle !== null || stage.isPending}>
          {stage.isPending ? "Asking…" : `Stage ${withPrefix(progress.data.bytes, "B")}`}
        </Button>
      </div>
    </form>
  );
}

async function request(executionId: string, form: FormData, key: string): Promise<Job> {
  const pin = textOf(form, "pin");
  const reason = textOf(form, "reason");
  const answer = await api.POST("/api/v1/staging-jobs", {
    params: { header: { "idempotency-key": key } },
    body: {
      execution_id: executionId,
      destination_location: textOf(form, "location"),
      time_to_live: Number(textOf(form, "days")) * DAY,
      ...(pin === "" ? {} : { pinned_until: `${pin}T00:00:00Z` }),
      ...(reason === "" ? {} : { reason }),
    },
  });
  return bodyOf(answer);
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

function whatOf(of: Progress): string {
  const files = `${grouped(of.files)} ${of.files === 1 ? "file" : "files"}`;
  return `${files}, ${withPrefix(of.bytes, "B")}, in ${grouped(of.packages)} ${of.packages === 1 ? "package" : "packages"}.`;
}

/** Return why the data cannot be staged now; null if they can. */
function whyNot(of: Progress, places: readonly Location[]): string | null {
  if (places.length === 0) return "This data centre has no processing location in use.";
  if (of.files === 0) return "There is nothing to stage: no file has been filed.";
  const missing = of.files - of.files_packaged;
  if (missing > 0) {
    const when =
      of.status === "running" ? "when the observation has ended and all are packed" : "once all are packed";
    return `${grouped(missing)} of its files are in no package yet. It can be staged ${when}.`;
  }
  return null;
}
