const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** Return a text as one word of a POSIX shell, whatever it contains. */
export function quoted(text: string): string {
  // Words of a shell cannot hold NUL; no address or name of ours does.
  const given = text.replaceAll("\0", "");
  return PLAIN.test(given) ? given : `'${given.replaceAll("'", "'\\''")}'`;
}

/** Return a command line of these words. */
export function commandLine(words: readonly string[]): string {
  return words.map(quoted).join(" ");
}
