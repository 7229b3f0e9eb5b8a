import { MigrationError } from "./migration-error.ts";

/** Who a service is to Postgres. */
export interface ServiceAccount {
  database: string;
  role: string;
  password: string;
  /** The connection string of this role. */
  url: string;
}

/** Postgres cuts longer names off without a word. */
const nameBytes = 63;

/**
 * The URL of a service's own role. It follows from the administrator's URL, so every process that
 * knows that one comes to the same password and nothing needs storing. `override` is an URL that an
 * operator has set for this service (`DATABASE_URL_<SERVICE>`); it wins.
 */
export async function serviceUrl(adminUrl: string, service: string, override?: string): Promise<string> {
  return override ?? (await serviceAccount(adminUrl, service)).url;
}

/** Role `<database>_<service>`, password HMAC-SHA256 of the role under the administrator's password. */
export async function serviceAccount(adminUrl: string, service: string): Promise<ServiceAccount> {
  const url = parseUrl(adminUrl);
  const database = decodeURIComponent(url.pathname.slice(1)) || decodeURIComponent(url.username);
  if (database === "") throw new MigrationError("DATABASE_URL names no database: it should end like /trivet.");
  const role = `${database}_${service}`;
  if (new TextEncoder().encode(role).length > nameBytes) {
    throw new MigrationError(`The role ${role} would be longer than ${nameBytes} bytes. Use a shorter database name.`);
  }
  const password = await derive(decodeURIComponent(url.password), role);
  url.username = encodeURIComponent(role);
  url.password = password;
  url.pathname = `/${encodeURIComponent(database)}`;
  return { database, role, password, url: url.href };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  // Without a host, `URL` would not take the role's name either.
  if (url && /^postgres(?:ql)?:$/.test(url.protocol) && url.hostname !== "") return url;
  // The text itself holds a password and stays out of the message.
  throw new MigrationError("DATABASE_URL should look like postgres://user:password@host:5432/database.");
}

async function derive(secret: string, message: string): Promise<string> {
  const encoder = new TextEncoder();
  // Web Crypto refuses an empty key. HMAC pads keys with zeros, so one zero is the same key.
  const raw = encoder.encode(secret === "" ? "\u0000" : secret);
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const digest = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(message)));
  return btoa(String.fromCharCode(...digest))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
