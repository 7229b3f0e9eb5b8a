/** What a Content-Type says, in small letters. */
export interface MediaType {
  /** Such as `application/json`. */
  essence: string;
  charset: string | undefined;
}

const token = "[!#$%&'*+.^`|~\\w-]+";
const parameter = `(?<name>${token})=(?:(?<plain>${token})|"(?<quoted>(?:[^"\\\\]|\\\\.)*)")`;
const start = new RegExp(`^${token}/${token}`);
// A blank belongs to what stands behind it, or to the next semicolon: never to both, or a long header would take for ever.
const next = new RegExp(`[ \\t]*;(?:[ \\t]*${parameter})?`, "y");

/** Reads a media type (RFC 9110, 8.3.1 and 5.6.6); undefined for what is none. */
export function readMediaType(text: string): MediaType | undefined {
  const essence = start.exec(text)?.[0];
  if (essence === undefined) return undefined;
  let charset: string | undefined;
  let at = essence.length;
  while (at < text.length) {
    next.lastIndex = at;
    const found = next.exec(text);
    if (!found) return undefined;
    at = next.lastIndex;
    const { name, plain, quoted } = found.groups ?? {};
    // Of two the first counts (WHATWG MIME Sniffing, 4.4).
    if (name?.toLowerCase() === "charset") charset ??= plain ?? quoted?.replace(/\\(.)/g, "$1");
  }
  return { essence: essence.toLowerCase(), charset: charset?.toLowerCase() };
}
