/** What an answer can be encoded in, the one that is preferred where a client takes several equally first. */
export const encodings = ["zstd", "br", "gzip"] as const;

export type Encoding = (typeof encodings)[number];

const remembered = 64;
const known = new Map<string, Encoding | undefined>();

/** The best encoding that `Accept-Encoding` allows (RFC 9110, 12.5.3); undefined for none but the plain one. */
export function acceptedEncoding(header: string | null | undefined): Encoding | undefined {
  if (!header) return undefined;
  // Clients send few different ones.
  if (known.has(header)) return known.get(header);
  if (known.size >= remembered) known.clear();
  const chosen = choose(header);
  known.set(header, chosen);
  return chosen;
}

function choose(header: string): Encoding | undefined {
  const weights = new Map(header.split(",").map(weighted));
  const weightOf = (name: string): number => weights.get(name) ?? weights.get("*") ?? 0;
  const plain = weights.get("identity") ?? 0;
  const [best] = encodings.toSorted((a, b) => weightOf(b) - weightOf(a));
  // Who names the plain form and prefers it gets that.
  return best !== undefined && weightOf(best) > 0 && weightOf(best) >= plain ? best : undefined;
}

function weighted(item: string): [name: string, weight: number] {
  const [name = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  const value = weight === undefined ? 1 : Number(weight.slice(2));
  // `x-gzip` is gzip (RFC 9110, 8.4.1.3). What is no weight is taken for a refusal.
  return [name === "x-gzip" ? "gzip" : name, value >= 0 && value <= 1 ? value : 0];
}
