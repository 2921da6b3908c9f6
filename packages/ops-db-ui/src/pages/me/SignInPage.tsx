import { useSearch } from "@tanstack/react-router";
import { PageTitle } from "~/components/PageTitle";
import { SignInForms } from "~/pages/me/SignInForms";
import styles from "~/pages/me/SignInPage.module.css";
import { usePreferences } from "~/preferences/preferences";

/** The way in: whatever this site offers. */
export function SignInPage() {
  const { to } = useSearch({ from: "/sign-in" });
  const { home } = usePreferences();
  return (
    <main className={styles.page}>
      <PageTitle title="Sign in">CCAT data centre</PageTitle>
      <p className={styles.what}>Raw data of the observatory, from the telescope to the archives.</p>
      <div className={styles.card}>
        <SignInForms
          onSignedIn={() => {
            // A full load: nothing of an earlier session stays in memory.
            location.assign(to === undefined || to === "/" ? home : ownAddress(to));
          }}
        />
      </div>
    </main>
  );
}

/** Return an address of this origin, whatever was given. */
export function ownAddress(to: string | undefined): string {
  if (to === undefined) return "/";
  const address = URL.canParse(to, location.origin) ? new URL(to, location.origin) : null;
  if (address === null || address.origin !== location.origin) return "/";
  return `${address.pathname}${address.search}${address.hash}`;
}
