const mark = /^["'`]/;
const assignment = /^\s*(?:export\s+)?[\w.-]+\s*=\s*(.*?)\s*$/;

/** A sentence for each line of `.env` that says nothing: the parser passes over it, and so would we over what it meant. */
export function lineFaults(text: string): string[] {
  const faults: string[] = [];
  let open: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (open !== undefined) {
      if (line.includes(open)) open = undefined;
      continue;
    }
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const value = assignment.exec(line)?.[1];
    // Not repeated: it may be half of a secret.
    if (value === undefined)
      faults.push(`.env: line ${index + 1} is none of NAME=value; write it as one, put # before it, or take it out`);
    const quote = value === undefined ? undefined : mark.exec(value)?.[0];
    // What is quoted may go on over several lines; a quote that nothing closes is a character like others.
    if (quote !== undefined && !value?.slice(1).includes(quote) && closes(text, index, quote)) open = quote;
  }
  return faults;
}

const closes = (text: string, index: number, quote: string): boolean =>
  text
    .split(/\r?\n/)
    .slice(index + 1)
    .some((line) => line.includes(quote));
