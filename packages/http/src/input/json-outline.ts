/** Deeper than any contract of ours, and far from where an engine's own recursion gives out. */
export const deepestJson = 100;

/** What can be told of a JSON text before it is parsed. */
export interface Outline {
  /**
   * Whether it nests deeper than `deepestJson`. Parsing such a text is cheap, but whatever recurses over
   * the value then overflows the stack, which blocks Bun for seconds.
   */
  isTooDeep: boolean;
  /** How many members its objects have, those of one name in one object counted each. */
  members: number;
}

export function outlineOf(text: string): Outline {
  let depth = 0;
  let members = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (char === quote) index = endOfString(text, index);
    else if (char === colon) members += 1;
    else if (char === openBracket || char === openBrace) {
      depth += 1;
      if (depth > deepestJson) return { isTooDeep: true, members };
    } else if (char === closeBracket || char === closeBrace) depth -= 1;
  }
  return { isTooDeep: false, members };
}

/** How many members the objects of a value have; fewer than its text had when it named one twice. */
export function membersIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const parts: unknown[] = Array.isArray(value) ? value : Object.values(value);
  let members = Array.isArray(value) ? 0 : parts.length;
  for (const part of parts) if (typeof part === "object") members += membersIn(part);
  return members;
}

const quote = 0x22;
const colon = 0x3a;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

function endOfString(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && text.charCodeAt(end) !== quote) end += text.charCodeAt(end) === backslash ? 2 : 1;
  return end;
}
