import type { Answer } from "../client.ts";

/** What must be equal on all runtimes. */
export interface Normal {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/** Headers that the server in front of the code writes, or that speak of the moment or the connection. */
const ofTheMoment = new Set([
  "age",
  // What is kept depends on who asked before.
  "cache-status",
  "connection",
  // Compression is the platform's on Workers, and the server's on the host.
  "content-encoding",
  "content-length",
  "date",
  "keep-alive",
  "ratelimit-remaining",
  "ratelimit-reset",
  "server",
  "transfer-encoding",
  "x-request-id",
]);

/**
 * Replaces what is random by what it stands for: the n-th id that was seen, a time, a token. One of
 * these per system, since ids are numbered in the order in which they first appear.
 */
export class Normaliser {
  readonly #ids = new Map<string, string>();

  answer({ status, headers, text, body }: Answer): Normal {
    const named = [...headers].filter(([name, value]) => !ofTheMoment.has(name) && !isOfEncoding(name, value));
    const shown = Object.fromEntries(named.map(([name, value]) => [name, this.#header(name, value)]));
    if (isMetrics(text)) return { status, headers: shown, body: ownMetrics(text) };
    return { status, headers: shown, body: body === undefined ? this.#text(text) : this.#value(body) };
  }

  #header(name: string, value: string): string {
    // A fingerprint of what holds ids and times differs with them.
    if (name === "etag") return "<etag>";
    return this.#text(name === "vary" ? value.replace(ofEncoding, "") : value);
  }

  #value(value: unknown, name = ""): unknown {
    if (typeof value === "string") return this.#member(name, value);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#value(item));
      // How many signing keys are published depends on what other suites have rotated; each must look alike.
      return name === "keys" ? [...new Map(items.map((item) => [JSON.stringify(item), item])).values()] : items;
    }
    if (typeof value !== "object" || value === null) return measured.has(name) ? "<measured>" : value;
    // Sorted, because JSON objects have no order.
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(members.map(([member, item]) => [member, this.#value(item, member)]));
  }

  #member(name: string, value: string): string {
    if (name === "request_id") return "<request id>";
    if (name === "runtime") return "<runtime>";
    return random.has(name) ? `<${name}>` : this.#text(value);
  }

  #text(text: string): string {
    return text
      .replaceAll(jwt, "<jwt>")
      .replaceAll(time, "<time>")
      .replaceAll(uuid, (id) => this.#numbered(id.toLowerCase()))
      .replaceAll(secret, "$1<secret>");
  }

  #numbered(id: string): string {
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    const number = `<id ${this.#ids.size + 1}>`;
    this.#ids.set(id, number);
    return number;
  }
}

/** Who compresses also says that the answer varies by it. */
const ofEncoding = /(?:^|, *)Accept-Encoding\b/i;
const isOfEncoding = (name: string, value: string): boolean =>
  name === "vary" && value.replace(ofEncoding, "").trim() === "";

const isMetrics = (text: string): boolean => text.startsWith("# HELP ");

/**
 * Of metrics the names, with what each means: the samples are of what each system was asked, and the runtimes have not
 * in common what a process measures of itself (on workerd nothing) and of its queues (which on Workers are Cloudflare's).
 */
const ownMetrics = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^# (HELP|TYPE) (\S+) (.*)$/gm)]
      .filter(([, , name]) => !/^(?:process_|nodejs_|queue_depth$)/.test(name ?? ""))
      .map(([, kind, name, said]) => [`${kind} ${name}`, said ?? ""]),
  );

/** Members whose text is random in every answer. */
const random = new Set(["refresh_token", "nextCursor", "key", "secret", "totp_uri", "kid", "x", "uri", "challenge"]);
/** Members that are measured. */
const measured = new Set(["latency_ms", "uptime_s", "exp", "iat"]);

const jwt = /eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g;
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const uuid = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/gi;
const secret = /([?&](?:cursor|token|code|state)=|\btrivet-\w+=|nonce[-=]"?|\btvk_)[\w%-]+/g;
