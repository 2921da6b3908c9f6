import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import styles from "~/actions/ActionDialog.module.css";
import { Changes } from "~/actions/Changes";
import { newIdempotencyKey } from "~/actions/keys";
import { changesOf, look, type Seen, type Thing } from "~/actions/thing";
import { say } from "~/actions/toasts";
import type { GetPath } from "~/api/get";
import { Problem } from "~/api/problem";
import { Button } from "~/components/Button";
import { Dialog } from "~/components/Dialog";
import { Loading } from "~/components/Loading";
import { ProblemNote } from "~/components/ProblemNote";
import { grouped } from "~/components/quantity";

/** More things than this are confirmed by typing their number. */
const MOST_WITHOUT_TYPING = 100;
const PRECONDITION_FAILED = 412;

/** What is handed to the call. */
export interface Given {
  /** Null where none was given. */
  readonly reason: string | null;
  /** Goes into the header `Idempotency-Key`: a second attempt does nothing twice. */
  readonly idempotencyKey: string;
  /** Headers that let it happen only to what was looked at: `If-Match`. None where the action is for many things. */
  readonly condition: Readonly<Record<string, string>>;
}

/** What a dialog asks and does. */
export interface ActionOfDialog {
  /** What happens, as the title of the dialog: `Suspend cologne-archive?`. */
  readonly title: string;
  readonly reason: "required" | "optional" | "none";
  /** What follows from it. */
  readonly effect?: ReactNode;
  /** Counted consequences, asked of the API when the dialog opens. */
  readonly dryRun?: () => Promise<ReactNode>;
  /** The one thing that it is for; it is looked at when the dialog opens. */
  readonly thing?: Thing;
  /** How many things it concerns, where they are many. */
  readonly count?: number;
  readonly run: (given: Given) => Promise<unknown>;
  /** What is asked anew afterwards. */
  readonly invalidates: readonly GetPath[];
  /** What is said afterwards; made of the title where not given. */
  readonly done?: (answer: unknown) => string;
}

interface Props extends ActionOfDialog {
  readonly label: string;
  readonly kind: "plain" | "main" | "danger" | "quiet";
  readonly onClose: () => void;
}

/** Asks for the reason, shows what follows, does it, and shows what the API says. */
export function ActionDialog(props: Props) {
  const { title, label, kind, count, onClose } = props;
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [missing, setMissing] = useState<string | null>(null);
  const [idempotencyKey] = useState(newIdempotencyKey);
  const cache = useQueryClient();
  const { seen, changes, lookAgain } = useThing(props.thing);
  const run = useMutation<unknown, Error, Given>({
    mutationFn: props.run,
    onError: (error) => isChanged(error) && lookAgain(),
    onSuccess: (answer) => {
      say(props.done?.(answer) ?? `Done: ${title.replace(/\?$/, "")}`);
      onClose();
    },
    onSettled: () =>
      cache.invalidateQueries({
        predicate: ({ queryKey }) => props.invalidates.some((path) => path === queryKey[0]),
      }),
  });
  const mustType = count !== undefined && count > MOST_WITHOUT_TYPING;
  const isBusy = run.isPending || seen.isFetching;
  const wasChanged = props.thing !== undefined && run.isError && isChanged(run.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    const text = reason.trim();
    if (props.reason === "required" && text === "") return setMissing("Say why.");
    if (mustType && typed.trim() !== String(count)) return setMissing(`Type ${count} to confirm.`);
    setMissing(null);
    const etag = seen.data?.etag ?? null;
    const condition = etag === null ? {} : { "If-Match": etag };
    run.mutate({ reason: text === "" ? null : text, idempotencyKey, condition });
  };
  return (
    <Dialog title={title} open onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        {props.effect !== undefined && <div className={styles.effect}>{props.effect}</div>}
        {props.dryRun !== undefined && <DryRun of={props.dryRun} />}
        {props.reason !== "none" && (
          <Reason text={reason} isRequired={props.reason === "required"} onText={setReason} />
        )}
        {mustType && <Confirmation count={count} text={typed} onText={setTyped} />}
        {missing !== null && (
          <p className={styles.missing} role="alert">
            {missing}
          </p>
        )}
        {(wasChanged || changes.length > 0) && !isBusy && (
          <Changes changes={changes} isRefused={wasChanged} />
        )}
        {run.isError && !wasChanged && <Refusal error={run.error} />}
        <div className={styles.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind={kind === "danger" ? "danger" : "main"} aria-disabled={isBusy}>
            {run.isPending ? "Working" : label}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Looks at a thing, and tells in what it is not what was shown before. */
function useThing(thing: Thing | undefined) {
  const id = useId();
  const [before, setBefore] = useState(thing?.shown ?? null);
  const seen = useQuery<Seen>({
    queryKey: ["seen", id],
    queryFn: () => look(thing?.address ?? ""),
    enabled: thing !== undefined,
    // What somebody decides by does not change below their hands.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  const changes = before === null || seen.data === undefined ? [] : changesOf(before, seen.data.fields);
  const lookAgain = () => {
    setBefore(seen.data?.fields ?? before);
    void seen.refetch();
  };
  return { seen, changes, lookAgain };
}

function isChanged(error: Error): boolean {
  return error instanceof Problem && error.status === PRECONDITION_FAILED;
}

function DryRun({ of: dryRun }: { readonly of: () => Promise<ReactNode> }) {
  const id = useId();
  const answer = useQuery<{ readonly shown: ReactNode }>({
    queryKey: ["dry run", id],
    queryFn: async () => ({ shown: await dryRun() }),
    gcTime: 0,
  });
  if (answer.isError) return <ProblemNote error={answer.error} again={() => void answer.refetch()} />;
  return answer.data === undefined ? <Loading lines={2} /> : <div>{answer.data.shown}</div>;
}

function Reason({
  text,
  isRequired,
  onText,
}: {
  readonly text: string;
  readonly isRequired: boolean;
  readonly onText: (text: string) => void;
}) {
  return (
    <label className={styles.field}>
      <span>{isRequired ? "Reason" : "Reason (optional)"}</span>
      <textarea
        rows={2}
        maxLength={1000}
        aria-required={isRequired}
        value={text}
        onChange={(event) => onText(event.target.value)}
      />
    </label>
  );
}

function Confirmation({
  count,
  text,
  onText,
}: {
  readonly count: number;
  readonly text: string;
  readonly onText: (text: string) => void;
}) {
  return (
    <label className={styles.field}>
      <span>
        This concerns {grouped(count)}. Type the number {count} to confirm.
      </span>
      <input
        type="text"
        inputMode="numeric"
        autoComplete="off"
        value={text}
        onChange={(event) => onText(event.target.value)}
      />
    </label>
  );
}

function Refusal({ error }: { readonly error: Error }) {
  const changed = error instanceof Problem && (isChanged(error) || error.status === 409);
  return (
    <>
      {changed && (
        <p className={styles.missing}>
          Nothing was done: it has changed since you opened this. What is shown is being read anew; close this
          and look again.
        </p>
      )}
      <ProblemNote error={error} />
    </>
  );
}
