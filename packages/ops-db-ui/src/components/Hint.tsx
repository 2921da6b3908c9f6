import { Popover } from "@base-ui/react/popover";
import type { ReactNode } from "react";
import styles from "~/components/Hint.module.css";

/** Text with more to it: names and values that appear on hover, focus and tap. */
export function Hint({
  lines,
  children,
}: {
  readonly lines: readonly (readonly [name: string, value: string])[];
  readonly children: ReactNode;
}) {
  return (
    <Popover.Root>
      <Popover.Trigger
        openOnHover
        delay={300}
        className={styles.trigger}
        nativeButton={false}
        render={<span />}
      >
        {children}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={4} className={styles.positioner}>
          <Popover.Popup className={styles.popup} initialFocus={false}>
            <dl className={styles.lines}>
              {lines.map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
