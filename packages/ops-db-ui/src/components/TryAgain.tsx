import { useEffect, useEffectEvent, useState } from "react";
import { Button } from "~/components/Button";

/** Asks again when pressed, and by itself when the time that the API named is over. */
export function TryAgain({ after, again }: { readonly after: number | null; readonly again: () => void }) {
  const [left, setLeft] = useState(after);
  const next = useEffectEvent(() => {
    if (left === null) return;
    if (left <= 1) again();
    setLeft(left <= 1 ? after : left - 1);
  });
  const counts = left !== null;
  useEffect(() => {
    if (!counts) return;
    const timer = setInterval(() => next(), 1_000);
    return () => clearInterval(timer);
  }, [counts]);
  return (
    <Button
      onClick={() => {
        setLeft(after);
        again();
      }}
    >
      Try again
      {left !== null && <span aria-hidden>in {left} s</span>}
    </Button>
  );
}
