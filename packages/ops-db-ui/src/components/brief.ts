const CLAUSE = "; ";
const PACKAGE = /\S*\b([0-9a-f]{8})-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\.tar\b/g;
const PATH = /(?:[^\s/]+\/)+([^\s/]+\.\w+)/g;
const CHECKSUM = /\b([a-z0-9-]+:[0-9a-f]{6})[0-9a-f]{10,}\b/g;

/** Return sentences, each as it stands in a list. */
export function briefly(sentences: string): string {
  return sentences
    .split(/(?<=\.)\s+(?=[A-Z\d])/)
    .map((sentence) => brief(sentence).replace(/\.?$/, "."))
    .join(" ");
}

/**
 * Return a message as it stands in a list: its first clause, files by their names, packages by the beginning of their
 * ids, checksums by their beginning. The whole message stands on the page of the thing.
 */
export function brief(message: string): string {
  const [first = message] = message.split(CLAUSE, 1);
  return first.replace(PACKAGE, "package $1").replace(PATH, "$1").replace(CHECKSUM, "$1…");
}
