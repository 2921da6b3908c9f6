import { Menu as Base } from "@base-ui/react/menu";
import { type ReactElement, type ReactNode, useEffect, useRef } from "react";
import styles from "~/overlays/MenuBox.module.css";

/** The button of `Menu` and its list of choices, which opens at once: the button was pressed already. */
export function MenuBox({
  trigger,
  wide,
  pressed,
  children,
}: {
  readonly trigger: ReactElement;
  readonly wide: boolean;
  /** How often the pointer was pressed for that; 0: it was a key. */
  readonly pressed: number;
  readonly children: ReactNode;
}) {
  const button = useRef<HTMLButtonElement>(null);
  const isDone = useRef(false);
  useEffect(() => {
    if (isDone.current) return;
    isDone.current = true;
    button.current?.focus();
    button.current?.dispatchEvent(
      new MouseEvent("click", { bubbles: true, cancelable: true, detail: pressed }),
    );
  }, [pressed]);
  return (
    <Base.Root>
      <Base.Trigger ref={button} render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="end" className={styles.positioner}>
          <Base.Popup className={styles.menu} data-wide={wide}>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

/** Does something and closes the menu. */
function MenuItem({
  name,
  onClick,
  children,
}: {
  /** What typing letters looks for, where it shows more than that. */
  readonly name?: string;
  readonly onClick: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Base.Item className={styles.item} {...(name === undefined ? {} : { label: name })} onClick={onClick}>
      {children}
    </Base.Item>
  );
}

/** Leads to a page and closes the menu. */
function MenuLink({ link, children }: { readonly link: ReactElement; readonly children: ReactNode }) {
  return (
    <Base.LinkItem className={styles.item} render={link} closeOnClick>
      {children}
    </Base.LinkItem>
  );
}

/** Something that is on or off; the menu stays open. */
function MenuCheck({
  checked,
  disabled = false,
  onChange,
  children,
}: {
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly children: ReactNode;
}) {
  return (
    <Base.CheckboxItem
      className={styles.item}
      checked={checked}
      disabled={disabled}
      onCheckedChange={onChange}
      closeOnClick={false}
    >
      <span className={styles.mark}>
        <Base.CheckboxItemIndicator>✓</Base.CheckboxItemIndicator>
      </span>
      {children}
    </Base.CheckboxItem>
  );
}

/** One of several; the menu stays open. */
function MenuChoice<V extends string>({
  title,
  value,
  choices,
  onChange,
}: {
  readonly title: string;
  readonly value: V | null;
  readonly choices: readonly (readonly [value: V, label: string])[];
  readonly onChange: (value: V) => void;
}) {
  return (
    <Base.Group className={styles.group}>
      <Base.GroupLabel className={styles.title}>{title}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={onChange}>
        {choices.map(([choice, label]) => (
          <Base.RadioItem key={choice} value={choice} closeOnClick={false} className={styles.item}>
            <span className={styles.mark}>
              <Base.RadioItemIndicator>●</Base.RadioItemIndicator>
            </span>
            {label}
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  );
}

/** Parts what does not belong together. */
function MenuLine() {
  return <Base.Separator className={styles.line} />;
}

/** What menus are made of. */
export const menuParts = { MenuItem, MenuLink, MenuCheck, MenuChoice, MenuLine };
