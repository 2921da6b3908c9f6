import styles from "~/components/Hatch.module.css";

/** Slanted lines as a fill for drawings, in the colour of the text around: `fill="url(#id)"`. */
export function Hatch({ id }: { readonly id: string }) {
  return (
    <pattern id={id} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <line x1="0" y1="0" x2="0" y2="6" className={styles.line} />
    </pattern>
  );
}
