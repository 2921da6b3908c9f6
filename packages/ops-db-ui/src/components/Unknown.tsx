/** A value that is not known. */
export function Unknown() {
  return (
    <span>
      <span aria-hidden>–</span>
      <span className="visually-hidden">unknown</span>
    </span>
  );
}
