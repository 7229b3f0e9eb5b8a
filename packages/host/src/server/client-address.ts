import { BlockList, isIP, isIPv4 } from "node:net";

/** Tells whether the peer at an address may say on whose behalf it asks. */
export type TrustedProxies = (address: string) => boolean;

/** The header in which Cloudflare tells a Worker the client's address, and the host does too. */
export const clientAddressHeader = "cf-connecting-ip";

const privateNetworks = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "::1/128",
  "fc00::/7",
  "fe80::/10",
];

/** From a list like `private, 203.0.113.0/24, 2001:db8::1`. */
export function parseTrustedProxies(list: string): { trusted: TrustedProxies; faults: string[] } {
  const networks = new BlockList();
  const entries = list.split(/[\s,]+/).filter((entry) => entry !== "");
  const faults = entries
    .flatMap((entry) => (entry === "private" ? privateNetworks : [entry]))
    .filter((entry) => !addNetwork(networks, entry))
    .map(
      (entry) =>
        `TRUSTED_PROXIES holds "${entry}", which is neither an address, a network like 10.0.0.0/8 nor \`private\``,
    );
  return { trusted: (address) => networks.check(address, isIPv4(address) ? "ipv4" : "ipv6"), faults };
}

function addNetwork(networks: BlockList, entry: string): boolean {
  const [address = "", length] = entry.split("/");
  const family = isIP(address);
  if (family === 0) return false;
  const bits = family === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > bits) return false;
  networks.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
  return true;
}

/**
 * Who is asking. A header is believed only from a trusted peer: from another host the address it has
 * established, from a proxy the last hop of `X-Forwarded-For` that is not itself trusted.
 */
export function clientAddress(
  peer: string,
  trusted: TrustedProxies,
  header: (name: string) => string | null | undefined,
): string {
  const address = withoutMapping(peer);
  if (!trusted(address)) return address;
  const established = header(clientAddressHeader);
  if (established && isIP(established) !== 0) return established;
  const hops = header("x-forwarded-for")?.split(",") ?? [];
  for (let index = hops.length - 1; index >= 0; index -= 1) {
    const hop = withoutMapping(hops[index]?.trim() ?? "");
    if (isIP(hop) === 0) return address;
    if (!trusted(hop) || index === 0) return hop;
  }
  return address;
}

/** A dual-stack socket shows IPv4 peers as `::ffff:203.0.113.9`. */
const withoutMapping = (address: string): string => (address.startsWith("::ffff:") ? address.slice(7) : address);
