import { type FormEvent, useId, useState } from "react";
import { Button } from "~/components/Button";
import { valueInWords, type Words } from "~/lists/chips";
import styles from "~/lists/FieldEditor.module.css";
import type { Field } from "~/lists/fields";
import { type Filters, whyWrong } from "~/lists/state";
import { TimeEditor } from "~/lists/TimeEditor";

interface Props {
  readonly field: Field;
  readonly filters: Filters;
  readonly words: Words;
  readonly onChange: (changes: Filters) => void;
  readonly onDone: () => void;
}

/** The values of one field: a choice, yes or no, a range of times, or text. */
export function FieldEditor(props: Props) {
  const { field } = props;
  if (field.kind === "time") return <TimeEditor {...props} field={field} />;
  return <ValueEditor {...props} field={field} />;
}

type ValueField = Exclude<Field, { readonly kind: "time" }>;

function ValueEditor({ field, filters, words, onChange, onDone }: Props & { readonly field: ValueField }) {
  const [isNot, setNot] = useState(field.not !== null && filters[field.not.name] !== undefined);
  const filter = isNot && field.not !== null ? field.not : field.filter;
  const other = isNot ? field.filter : field.not;
  const values = filters[filter.name] ?? [];
  const set = (wanted: readonly string[]) =>
    onChange({ [filter.name]: wanted, ...(other === null ? {} : { [other.name]: [] }) });
  const turn = (not: boolean) => {
    setNot(not);
    const next = not ? field.not : field.filter;
    if (next === null || values.length === 0) return;
    onChange({ [filter.name]: [], [next.name]: values });
  };
  return (
    <div className={styles.editor}>
      {filter.description !== "" && <p className={styles.about}>{field.filter.description}</p>}
      {field.not !== null && <IsOrIsNot name={field.name} isNot={isNot} onTurn={turn} />}
      {field.kind === "choice" || field.kind === "boolean" ? (
        <Choices
          legend={field.label}
          many={filter.many}
          options={(field.kind === "boolean" ? ["true", "false"] : filter.values).map((value) => ({
            value,
            text: words(field.name, value) ?? valueInWords(field, value),
          }))}
          values={values}
          onSet={set}
        />
      ) : (
        <TextValues field={field} many={filter.many} values={values} onSet={set} onDone={onDone} />
      )}
    </div>
  );
}

function IsOrIsNot({
  name,
  isNot,
  onTurn,
}: {
  readonly name: string;
  readonly isNot: boolean;
  readonly onTurn: (not: boolean) => void;
}) {
  const id = useId();
  return (
    <fieldset className={styles.row}>
      <legend className="visually-hidden">is or is not</legend>
      {[false, true].map((not) => (
        <label key={String(not)}>
          <input type="radio" name={`${id}-${name}`} checked={isNot === not} onChange={() => onTurn(not)} />
          {not ? "is not" : "is"}
        </label>
      ))}
    </fieldset>
  );
}

function Choices({
  legend,
  many,
  options,
  values,
  onSet,
}: {
  readonly legend: string;
  readonly many: boolean;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly values: readonly string[];
  readonly onSet: (values: readonly string[]) => void;
}) {
  const id = useId();
  const others = (value: string) => values.filter((one) => one !== value);
  return (
    <fieldset className={styles.choices}>
      <legend className="visually-hidden">{legend}</legend>
      {options.map(({ value, text }) => (
        <label key={value}>
          <input
            type={many ? "checkbox" : "radio"}
            name={id}
            checked={values.includes(value)}
            onChange={() =>
              onSet(!many ? [value] : values.includes(value) ? others(value) : [...values, value])
            }
          />
          {text}
        </label>
      ))}
    </fieldset>
  );
}

function TextValues({
  field,
  many,
  values,
  onSet,
  onDone,
}: {
  readonly field: ValueField;
  readonly many: boolean;
  readonly values: readonly string[];
  readonly onSet: (values: readonly string[]) => void;
  readonly onDone: () => void;
}) {
  const id = useId();
  const [text, setText] = useState(many ? "" : (values[0] ?? ""));
  const [wrong, setWrong] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    const reason = wanted === "" ? null : whyWrong(field.filter, wanted, 1);
    setWrong(reason);
    if (reason !== null) return;
    if (wanted !== "") onSet(many ? [...new Set([...values, wanted])] : [wanted]);
    else if (!many) onSet([]);
    setText(many ? "" : wanted);
    onDone();
  };
  return (
    <form className={styles.editor} onSubmit={submit}>
      {many && values.length > 0 && (
        <ul className={styles.values}>
          {values.map((value) => (
            <li key={value}>
              <span>{value}</span>
              <Button kind="quiet" onClick={() => onSet(values.filter((one) => one !== value))}>
                remove
              </Button>
            </li>
          ))}
        </ul>
      )}
      <div className={styles.row}>
        <input
          type="text"
          className={styles.input}
          aria-label={field.label}
          aria-invalid={wrong !== null}
          aria-describedby={wrong === null ? undefined : id}
          maxLength={200}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" kind="main">
          {many && values.length > 0 ? "Add" : "Apply"}
        </Button>
      </div>
      {wrong !== null && (
        <p id={id} className={styles.wrong} role="alert">
          This {wrong}.
        </p>
      )}
    </form>
  );
}
