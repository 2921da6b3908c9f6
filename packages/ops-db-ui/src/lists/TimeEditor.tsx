import { type FormEvent, useId, useState } from "react";
import { Button } from "~/components/Button";
import styles from "~/lists/FieldEditor.module.css";
import type { Field } from "~/lists/fields";
import type { Filters } from "~/lists/state";
import { isTime, RANGES } from "~/lists/times";

/** A range of times: one that is often wanted, or from and to. */
export function TimeEditor({
  field: { since, until },
  filters,
  onChange,
  onDone,
}: {
  readonly field: Extract<Field, { readonly kind: "time" }>;
  readonly filters: Filters;
  readonly onChange: (changes: Filters) => void;
  readonly onDone: () => void;
}) {
  const first = since === null ? "" : (filters[since.name]?.[0] ?? "");
  const last = until === null ? "" : (filters[until.name]?.[0] ?? "");
  const [from, setFrom] = useState(first);
  const [to, setTo] = useState(last);
  const [isWrong, setWrong] = useState(false);
  const help = useId();
  const set = (begin: string, end: string) => {
    onChange({
      ...(since === null ? {} : { [since.name]: begin === "" ? [] : [begin] }),
      ...(until === null ? {} : { [until.name]: end === "" ? [] : [end] }),
    });
    onDone();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const texts = [from.trim(), to.trim()] as const;
    const right = texts.every((text) => text === "" || isTime(text));
    setWrong(!right);
    if (right) set(...texts);
  };
  return (
    <form className={styles.editor} onSubmit={submit}>
      {since !== null && (
        <div className={styles.row}>
          {RANGES.filter((range) => range.until === null || until !== null).map((range) => (
            <Button key={range.label} onClick={() => set(range.since, range.until ?? "")}>
              {range.label}
            </Button>
          ))}
        </div>
      )}
      {since !== null && <Moment label="from" help={help} isWrong={isWrong} text={from} onText={setFrom} />}
      {until !== null && <Moment label="before" help={help} isWrong={isWrong} text={to} onText={setTo} />}
      <p id={help} className={isWrong ? styles.wrong : styles.about} role={isWrong ? "alert" : undefined}>
        UTC, as 2026-03-02 04:05, or now-12h, now-7d.
      </p>
      <Button type="submit" kind="main">
        Apply
      </Button>
    </form>
  );
}

function Moment({
  label,
  help,
  isWrong,
  text,
  onText,
}: {
  readonly label: string;
  readonly help: string;
  readonly isWrong: boolean;
  readonly text: string;
  readonly onText: (text: string) => void;
}) {
  return (
    <label className={styles.moment}>
      {label}
      <input
        type="text"
        className={styles.input}
        aria-describedby={help}
        aria-invalid={isWrong && text.trim() !== "" && !isTime(text.trim())}
        value={text}
        onChange={(event) => onText(event.target.value)}
      />
    </label>
  );
}
