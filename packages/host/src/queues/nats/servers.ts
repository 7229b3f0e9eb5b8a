import type { Source } from "../../config/index.ts";

/** Where JetStream is, who we are to it, and what our streams' names begin with. */
export interface NatsSettings {
  /** `host:port` of each server. */
  servers: string[];
  user?: string;
  pass?: string;
  token?: string;
  tls?: Record<string, never>;
  prefix: string;
}

const variable = "NATS_URL";

/** Undefined where `NATS_URL` is not set: queues are in Postgres then. Values may hold a password and are not repeated. */
export function readNatsSettings(source: Source): { settings?: NatsSettings; faults: string[] } {
  const given = source.read(variable);
  const prefix = source.read("NATS_PREFIX") || "trivet";
  const faults: string[] = [];
  if (!/^[\w-]+$/.test(prefix)) {
    faults.push(`NATS_PREFIX is "${prefix}"; it must be letters, digits, dashes and underscores`);
  }
  if (!given) return { faults };
  const urls = given.split(",").map((one) => URL.parse(one.trim()));
  const settings = settingsOf(urls.filter((url) => url !== null).filter(isServer), prefix);
  if (settings.servers.length < urls.length) {
    faults.push(
      `${variable} is not a URL like nats://user:password@host:4222 (tls:// likewise), or several of them, separated by commas: correct it, or leave it out for queues in Postgres`,
    );
  }
  return faults.length > 0 ? { faults } : { settings, faults };
}

const isServer = ({ protocol, hostname, pathname, search }: URL): boolean =>
  /^(?:nats|tls):$/.test(protocol) && hostname !== "" && pathname.length <= 1 && search === "";

/** The client looks at hosts and ports only; the rest of a URL is said to it apart. All servers of a cluster know the same users. */
function settingsOf(urls: readonly URL[], prefix: string): NatsSettings {
  const servers = urls.map(({ host }) => host);
  const { username, password } = urls.find((url) => url.username !== "") ?? { username: "", password: "" };
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  return {
    servers,
    prefix,
    ...(urls.some(({ protocol }) => protocol === "tls:") && { tls: {} }),
    ...(user !== "" && (pass === "" ? { token: user } : { user, pass })),
  };
}
