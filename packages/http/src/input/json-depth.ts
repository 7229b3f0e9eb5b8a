/** Deeper than any contract of ours, and far from where an engine's own recursion gives out. */
export const deepestJson = 100;

/**
 * Whether a JSON text nests deeper than `deepestJson`. Parsing such a text is cheap, but whatever
 * recurses over the value then overflows the stack, which blocks Bun for seconds.
 */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (char === quote) index = endOfString(text, index);
    else if (char === openBracket || char === openBrace) {
      depth += 1;
      if (depth > deepestJson) return true;
    } else if (char === closeBracket || char === closeBrace) depth -= 1;
  }
  return false;
}

const quote = 0x22;
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
