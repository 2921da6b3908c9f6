import { Menu as Base } from "@base-ui/react/menu";
import type { ReactElement, ReactNode } from "react";
import styles from "~/components/Menu.module.css";

/** A button that opens a list of choices below it. */
export function Menu({
  trigger,
  wide = false,
  children,
}: {
  readonly trigger: ReactElement;
  /** For choices with long texts. */
  readonly wide?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
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
export function MenuItem({
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
export function MenuLink({ link, children }: { readonly link: ReactElement; readonly children: ReactNode }) {
  return (
    <Base.LinkItem className={styles.item} render={link} closeOnClick>
      {children}
    </Base.LinkItem>
  );
}

/** Something that is on or off; the menu stays open. */
export function MenuCheck({
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
export function MenuChoice<V extends string>({
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
export function MenuLine() {
  return <Base.Separator className={styles.line} />;
}
