import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId } from "react";
import { api } from "~/api/client";
import { useGet } from "~/api/get";
import type { Problem } from "~/api/problem";
import { Button } from "~/components/Button";
import { Loading } from "~/components/Loading";
import { ProblemNote } from "~/components/ProblemNote";
import styles from "~/pages/me/SignInForms.module.css";

/** The ways to sign in that this site has: a token always, a role without any proof in development. */
export function SignInForms({ onSignedIn }: { readonly onSignedIn: () => void }) {
  const ways = useGet("/api/v1/auth/providers", {}, { live: false });
  const signIn = useMutation<unknown, Problem, () => Promise<unknown>>({
    mutationFn: (call) => call(),
    onSuccess: onSignedIn,
  });
  if (ways.data === undefined) {
    return ways.isError ? <ProblemNote error={ways.error} again={() => void ways.refetch()} /> : <Loading />;
  }
  return (
    <div className={styles.ways}>
      {ways.data.development && (
        <section className={styles.way}>
          <h2>Take a role</h2>
          <p className={styles.note}>This is a stack for development: no proof is needed.</p>
          <ul className={styles.roles}>
            {ways.data.development.roles.map(({ id, description }) => (
              <li key={id}>
                <button
                  type="button"
                  className={styles.role}
                  disabled={signIn.isPending}
                  onClick={() => signIn.mutate(() => signInAs(id))}
                >
                  <span className={styles.name}>{id}</span>
                  <span className={styles.note}>{description}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <TokenForm isBusy={signIn.isPending} onToken={(token) => signIn.mutate(() => signInWith(token))} />
      {signIn.isError && <ProblemNote error={signIn.error} />}
    </div>
  );
}

function TokenForm({
  isBusy,
  onToken,
}: {
  readonly isBusy: boolean;
  readonly onToken: (token: string) => void;
}) {
  const id = useId();
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get("token");
    if (typeof token === "string" && token !== "") onToken(token.trim());
  };
  return (
    <form className={styles.way} onSubmit={send}>
      <h2>With a token</h2>
      <label htmlFor={id}>API token</label>
      <input
        id={id}
        name="token"
        type="password"
        autoComplete="off"
        spellCheck={false}
        required
        className={styles.token}
        aria-describedby={`${id}-note`}
      />
      <p id={`${id}-note`} className={styles.note}>
        It begins with <code>ccat_</code>. The session has the token's rights and ends with it.
      </p>
      <Button kind="main" type="submit" disabled={isBusy}>
        Sign in
      </Button>
    </form>
  );
}

function signInAs(role: string): Promise<unknown> {
  return api.POST("/api/v1/auth/development", { body: { role } });
}

function signInWith(token: string): Promise<unknown> {
  return api.POST("/api/v1/auth/token", { body: { token } });
}
