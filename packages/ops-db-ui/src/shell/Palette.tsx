import { Dialog } from "@base-ui/react/dialog";
import { useRouter } from "@tanstack/react-router";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import { useGet } from "~/api/get";
import { useMe } from "~/api/me";
import type { Problem } from "~/api/problem";
import { foundItems } from "~/shell/found";
import styles from "~/shell/Palette.module.css";
import { grouped, type Item, matching, ownItems } from "~/shell/palette-items";
import { closePalette, type OpenPalette, usePalette } from "~/shell/palette-state";
import { recentVisits } from "~/shell/recent";

/** Where one goes to a page, finds something and acts, with the keyboard alone. */
export function Palette() {
  const palette = usePalette();
  return (
    <Dialog.Root open={palette !== null} onOpenChange={(wanted) => !wanted && closePalette()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.palette}>
          <Dialog.Title className="visually-hidden">
            {palette?.only === "actions" ? "Actions" : "Go to, find, act"}
          </Dialog.Title>
          {palette !== null && <Choice palette={palette} />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Shorter texts begin too many names. */
const SHORTEST = 2;

function Choice({ palette }: { readonly palette: OpenPalette }) {
  const id = useId();
  const router = useRouter();
  const me = useMe();
  const list = useRef<HTMLDivElement>(null);
  const [text, setText] = useState(palette.typed);
  const [at, setAt] = useState(0);
  const [isEntered, setIsEntered] = useState(false);
  const [own] = useState(() => ownItems(me, palette.verbs, otherVisits(router.state.location.href)));
  const offered = palette.only === "actions" ? own.filter(({ group }) => group === "Actions") : own;
  const wanted = useDeferredValue(text.trim());
  const isAsked = isSearched(palette, wanted);
  const search = useGet(
    "/api/v1/search",
    { params: { query: { q: wanted } } },
    { enabled: isAsked, live: false },
  );
  const found = isAsked && search.data !== undefined ? foundItems(search.data.items) : [];
  const items = [...matching(offered, text), ...found];
  const groups = grouped(items);
  // What was found for an earlier text stays to be seen until the answer comes, but cannot be chosen.
  const isLate = isSearched(palette, text) && (wanted !== text.trim() || search.isPlaceholderData);
  const pointed = items[Math.min(at, items.length - 1)];
  const current = isLate && pointed !== undefined && found.includes(pointed) ? undefined : pointed;
  const mustWait = isLate && current === undefined;

  useEffect(() => {
    if (current !== undefined)
      list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [current]);

  const choose = (item: Item | undefined) => {
    if (item === undefined || item.refused !== null) return;
    closePalette();
    if ("go" in item.does) router.history.push(item.does.go);
    // The dialog gives the focus back first, which the dialog of the action needs in turn.
    else requestAnimationFrame(item.does.run);
  };
  useEffect(() => {
    if (!isEntered || mustWait) return;
    setIsEntered(false);
    choose(current);
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined)
      setAt((Math.min(at, items.length - 1) + step + items.length) % Math.max(1, items.length));
    else if (event.key === "Enter") setIsEntered(true);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <input
        className={styles.input}
        role="combobox"
        aria-label="Search"
        aria-expanded={items.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={current === undefined ? undefined : `${id}-${current.id}`}
        aria-autocomplete="list"
        placeholder={palette.only === "actions" ? "What to do" : "Page, id or name"}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
          setIsEntered(false);
        }}
        onKeyDown={onKeyDown}
      />
      <div ref={list} id={`${id}-list`} role="listbox" aria-label="Results" className={styles.list}>
        {groups.map(([group, ofGroup]) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options is not a fieldset
          <div key={group} role="group" aria-label={group}>
            <p className={styles.group} aria-hidden>
              {group}
            </p>
            {ofGroup.map((item) => (
              <Option
                key={item.id}
                id={`${id}-${item.id}`}
                item={item}
                isCurrent={item === current}
                onPoint={() => setAt(items.indexOf(item))}
                onChoose={() => choose(item)}
              />
            ))}
          </div>
        ))}
      </div>
      <p className={styles.foot} role="status">
        {words(palette, text, items.length, isAsked && search.isFetching, search.error)}
      </p>
    </>
  );
}

function Option({
  id,
  item,
  isCurrent,
  onPoint,
  onChoose,
}: {
  readonly id: string;
  readonly item: Item;
  readonly isCurrent: boolean;
  readonly onPoint: () => void;
  readonly onChoose: () => void;
}) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, which names the current option
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
    <div
      id={id}
      role="option"
      aria-selected={isCurrent}
      aria-disabled={item.refused !== null}
      className={styles.option}
      onPointerMove={onPoint}
      onClick={onChoose}
    >
      <span className={styles.label} dir="auto">
        {item.label}
      </span>
      <span className={styles.note}>{item.refused ?? item.note}</span>
    </div>
  );
}

function isSearched({ only }: OpenPalette, text: string): boolean {
  return only === "everything" && text.trim().length >= SHORTEST;
}

function otherVisits(address: string) {
  return recentVisits().filter((visit) => visit.address !== address);
}

function words(
  palette: OpenPalette,
  text: string,
  count: number,
  isSearching: boolean,
  error: Problem | null,
): string {
  if (count > 0) return `${count} ${count === 1 ? "result" : "results"}`;
  if (isSearching) return "Searching…";
  if (error !== null) return `Cannot search: ${error.title}.`;
  if (text !== "") return "Nothing found. Names are found by their beginning, ids by their first 8 digits.";
  return palette.only === "actions" ? "Nothing can be done here." : "";
}
