/** A step of a remedy: a sentence, and the command that it ends with. */
export interface RemedyStep {
  readonly text: string;
  readonly command: string | null;
}

/** Words that a remedy says after the colon before a command. */
const COMMAND = /^(.*): ((?:ccat|ccat-transfer|opsdb) .*?)\.?$/;

/**
 * Return a remedy sentence by sentence, with the name of the place where a command wants one. The reason in a command
 * is an example, which a person changes.
 */
export function remedySteps(remedy: string, place: string | null): readonly RemedyStep[] {
  return remedy.split(/(?<=[.!?])\s+(?=[A-Z])/).map((sentence) => {
    const [, text, command] = COMMAND.exec(sentence) ?? [];
    if (text === undefined || command === undefined) return { text: sentence, command: null };
    const filled = command
      .replace("LOCATION", place ?? "LOCATION")
      .replace("TEXT", '"checked, and sound again"');
    return { text: `${text}:`, command: filled };
  });
}
