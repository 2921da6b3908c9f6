import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { onSessionEnded } from "~/api/client";
import { meQuery } from "~/api/me";
import { Dialog } from "~/components/Dialog";
import { SignInForms } from "~/pages/me/SignInForms";

/** What stands over the page when the session has ended: address and drafts stay, signing in goes on from here. */
export function SessionEnded() {
  const cache = useQueryClient();
  const [ended, setEnded] = useState(false);
  useEffect(() => onSessionEnded(() => setEnded(true)), []);
  const goOn = async () => {
    await cache.fetchQuery({ ...meQuery, staleTime: 0 });
    setEnded(false);
    await cache.invalidateQueries();
  };
  return (
    <Dialog title="Your session has ended" open={ended}>
      <p>Sign in again to go on. The page and what you typed stay as they are.</p>
      <SignInForms onSignedIn={() => void goOn()} />
    </Dialog>
  );
}
