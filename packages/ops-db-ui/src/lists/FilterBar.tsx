import { Popover } from "@base-ui/react/popover";
import { ChevronDown, ListFilter, X } from "lucide-react";
import { useState } from "react";
import { Button } from "~/components/Button";
import { Dialog } from "~/components/Dialog";
import type { Chip, Words } from "~/lists/chips";
import { FieldEditor } from "~/lists/FieldEditor";
import styles from "~/lists/FilterBar.module.css";
import { type Field, filtersOf } from "~/lists/fields";
import { NARROW, useMedia } from "~/lists/media";
import type { Filters } from "~/lists/state";

interface Props {
  readonly fields: readonly Field[];
  readonly filters: Filters;
  readonly chips: readonly Chip[];
  readonly words: Words;
  readonly onChange: (changes: Filters) => void;
}

/** More fields than this stand behind a button of their own. */
const MOST_IN_BAR = 7;

/** What the list may be narrowed by, and what it is narrowed by now. */
export function FilterBar(props: Props) {
  const { fields, chips, onChange } = props;
  const isNarrow = useMedia(NARROW);
  const [isOpen, setOpen] = useState(false);
  const all = isNarrow || fields.length > MOST_IN_BAR + 1;
  const inBar = isNarrow ? [] : all ? mostUsed(fields) : fields;
  const isSet = (field: Field) => chips.some((chip) => chip.field.name === field.name);
  const set = chips.map((chip, at) => ({ id: idOf(chips, at), field: chip.field, chip }));
  const unset = inBar
    .filter((field) => !isSet(field))
    .map((field) => ({ id: field.name, field, chip: null }));
  const none = Object.fromEntries(fields.flatMap(filtersOf).map(({ name }) => [name, []]));
  if (fields.length === 0) return null;
  return (
    <fieldset className={styles.bar} aria-label="Filters" data-target="filters">
      {[...set, ...unset].map(({ id, field, chip }) => (
        // What is set stands first; it is the same element before and after, so that its choices stay open.
        <span key={id} className={chip === null ? styles.plain : styles.chip}>
          <FieldPopover {...props} field={field} label={chip?.text ?? field.label} />
          {chip !== null && (
            <button
              type="button"
              className={styles.remove}
              aria-label={`Remove: ${chip.text}`}
              onClick={() => onChange(Object.fromEntries(chip.names.map((name) => [name, []])))}
            >
              <X aria-hidden size={14} />
            </button>
          )}
        </span>
      ))}
      {all && (
        <Button kind="quiet" onClick={() => setOpen(true)}>
          <ListFilter aria-hidden size={16} />
          {isNarrow ? "Filters" : "All filters"}
        </Button>
      )}
      {chips.length > 1 && (
        <Button kind="quiet" onClick={() => onChange(none)}>
          Clear
        </Button>
      )}
      <Dialog title="Filters" open={isOpen} onClose={() => setOpen(false)}>
        <div className={styles.all}>
          {fields.map((field) => (
            <details key={field.name} open={isSet(field)}>
              <summary>{field.label}</summary>
              <FieldEditor {...props} field={field} onDone={() => setOpen(false)} />
            </details>
          ))}
        </div>
      </Dialog>
    </fieldset>
  );
}

/** Return the key of a chip: its field, and of the second chip of a field what it stands for. */
function idOf(chips: readonly Chip[], at: number): string {
  const chip = chips[at];
  const isFirst = chips.findIndex(({ field }) => field.name === chip?.field.name) === at;
  return isFirst ? (chip?.field.name ?? "") : `${chip?.names.join(" ")}, too`;
}

/** The first fields of the contract; times among them, wherever they stand there. */
function mostUsed(fields: readonly Field[]): readonly Field[] {
  const times = fields.filter(({ kind }) => kind === "time");
  // Nobody chooses by an id: who has one opens the thing.
  const others = fields
    .filter(({ kind, name }) => kind !== "time" && name !== "id")
    .slice(0, MOST_IN_BAR - times.length);
  return fields.filter((field) => times.includes(field) || others.includes(field));
}

function FieldPopover({ field, label, ...props }: Props & { readonly field: Field; readonly label: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger className={styles.field}>
        <span>{label}</span>
        <ChevronDown aria-hidden size={14} />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={4} align="start" className={styles.positioner}>
          <Popover.Popup className={styles.popup}>
            <Popover.Title className={styles.title}>{field.label}</Popover.Title>
            <FieldEditor {...props} field={field} onDone={() => setOpen(false)} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
