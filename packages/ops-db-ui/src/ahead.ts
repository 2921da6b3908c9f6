// A script of its own, which is there long before the program: it asks who is signed in, and for whoever that is the
// verdict, which stands on every page. Without a session nothing more is asked.

const ME = "/api/v1/me";
const STATUS = "/api/v1/status";
const SIGN_IN = "/sign-in";

/** Answers that were asked for before the program was there, by their addresses. */
export const askedAhead = new Map<string, Promise<Response>>();

if (location.pathname !== SIGN_IN) {
  ask(ME).then(
    (answer) => {
      if (answer.ok) ask(STATUS);
    },
    // The program, which takes the same answer, tells of it.
    () => undefined,
  );
}

function ask(address: string): Promise<Response> {
  const answer = fetch(address);
  answer.catch(() => undefined);
  askedAhead.set(address, answer);
  return answer;
}
