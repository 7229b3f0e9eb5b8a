import { createInterface } from "node:readline/promises";

/** Asks whoever sits there; anything but yes, also the end of what can be read, is no. */
export async function isPermitted(
  what: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<boolean> {
  const lines = createInterface({ input, output });
  try {
    const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    const answer = await Promise.race([lines.question(`${what} Go on? (yes/no) `), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
