/** The runtime's own name for itself, for people to read; nothing may depend on it. */
export function runtimeName(): string {
  const agent = globalThis.navigator?.userAgent ?? "unknown";
  return agent === "Cloudflare-Workers" ? "workerd" : (agent.split("/")[0] ?? agent).replace(".js", "").toLowerCase();
}
