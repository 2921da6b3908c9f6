import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState } from "react";
import { say } from "~/actions/toasts";
import { onSessionLost } from "~/api/client";
import { type Me, meQuery } from "~/api/me";
import { Dialog } from "~/components/Dialog";
import { ProblemNote } from "~/components/ProblemNote";
import { SignInForms } from "~/pages/me/SignInForms";

/** What stands over the page when the session has ended: address and drafts stay, signing in goes on from here. */
export function SessionEnded() {
  const cache = useQueryClient();
  const [ended, setEnded] = useState(false);
  const goOn = useMutation({
    mutationFn: async () => {
      const before = cache.getQueryData<Me>(meQuery.queryKey);
      const me = await cache.fetchQuery({ ...meQuery, staleTime: 0 });
      return { before, me };
    },
    onSuccess: async ({ before, me }) => {
      setEnded(false);
      if (before?.user.id === me.user.id) await cache.invalidateQueries();
      // Nothing that somebody else was shown stays.
      else await cache.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== meQuery.queryKey[0] });
    },
  });
  const onLost = useEffectEvent((loss: "ended" | "changed") => {
    if (loss === "ended") return setEnded(true);
    goOn.mutate(undefined, {
      onSuccess: ({ before, me }) =>
        before?.csrf_token !== me.csrf_token &&
        say(`You signed in anew elsewhere, as ${me.user.name}. Nothing was done; try again.`),
    });
  });
  useEffect(() => onSessionLost((loss) => onLost(loss)), []);
  return (
    <Dialog title="Your session has ended" open={ended}>
      <p>Sign in again to go on. The page and what you typed stay as they are.</p>
      <SignInForms onSignedIn={() => goOn.mutate()} />
      {goOn.isError && <ProblemNote error={goOn.error} again={() => goOn.mutate()} />}
    </Dialog>
  );
}
