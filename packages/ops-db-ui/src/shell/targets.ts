/**
 * What keys and the palette lead to on a page. Pages and components mark it in the document:
 *
 * - `data-row` on a row of a list (one of them has `tabindex="0"`, the list moves it),
 * - `data-target="filters"` on what holds the filters, `data-target="why"` and `data-target="copy"` on buttons,
 * - `data-verb="Suspend"` on the button of an action, with `data-refused="reason"` where it cannot be used now.
 *
 * What is inside the row that has the focus counts before the rest of the page, and so does the pane beside a list
 * (`data-pane`) while the focus is in it.
 */
export type Target = "filters" | "why" | "copy";

/** Something that can be done with what is shown. */
export interface Verb {
  readonly label: string;
  /** Why it cannot be done, in words. */
  readonly refused: string | null;
  readonly run: () => void;
}

const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex]";

/** Return the element that a key leads to. */
export function findTarget(name: Target): HTMLElement | null {
  const selector = `[data-target="${name}"]`;
  return (
    currentRow()?.querySelector<HTMLElement>(selector) ??
    currentPane()?.querySelector<HTMLElement>(selector) ??
    content()?.querySelector<HTMLElement>(selector) ??
    null
  );
}

/** Give the focus to the first thing that takes it inside an element, or to the element itself. */
export function focusInside(element: HTMLElement | null): boolean {
  const taker = element?.querySelector<HTMLElement>(FOCUSABLE) ?? element;
  taker?.focus();
  return taker != null;
}

/** Return the row whose page is open beside its list. */
export function rowBeside(): HTMLElement | null {
  return content()?.querySelector<HTMLElement>('[data-row][aria-current="true"]') ?? null;
}

/** Give the focus to the row of the page's list that keys begin from. */
export function focusRow(): boolean {
  const row = rowBeside() ?? content()?.querySelector<HTMLElement>('[data-row][tabindex="0"]');
  row?.focus();
  return row != null;
}

/** Return what can be done with the row that has the focus; without one, with the page, or that in the pane. */
export function verbsOnPage(): readonly Verb[] {
  const row = currentRow();
  const buttons = (row ?? currentPane() ?? content())?.querySelectorAll<HTMLElement>("[data-verb]") ?? [];
  return Array.from(buttons)
    .filter((button) => row !== null || button.closest("[data-row]") === null)
    .map((button) => ({
      label: button.dataset.verb ?? "",
      refused: button.dataset.refused ?? null,
      run: () => button.click(),
    }));
}

/** Whether keys belong to something else now: a field, a menu, a dialog. */
export function isBusy(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing || event.repeat) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (
    target?.closest('input, select, textarea, [contenteditable="true"], [role="menu"], [role="listbox"]') !=
    null
  ) {
    return true;
  }
  return document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null;
}

function currentRow(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("[data-row]") ?? null;
}

function currentPane(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("[data-pane]") ?? null;
}

function content(): HTMLElement | null {
  return document.getElementById("content");
}
