import type { Preset } from "~/lists/presets";
import styles from "~/lists/ViewTabs.module.css";

/** Named views of a list; the one that is shown is marked. */
export function ViewTabs({
  presets,
  isShown,
  onShow,
}: {
  readonly presets: readonly Preset[];
  readonly isShown: (preset: Preset) => boolean;
  readonly onShow: (preset: Preset) => void;
}) {
  return (
    <fieldset className={styles.tabs} aria-label="Views">
      {presets.map((preset) => (
        <button
          key={preset.id}
          type="button"
          className={styles.tab}
          aria-pressed={isShown(preset)}
          onClick={() => onShow(preset)}
        >
          {preset.label}
        </button>
      ))}
    </fieldset>
  );
}
