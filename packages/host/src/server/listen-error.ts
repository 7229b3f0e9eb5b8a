import { ConfigurationError } from "../configuration-error.ts";
import { PortTakenError } from "./port-taken.ts";

// The last two are what Bun makes of a name that it cannot resolve.
const noAddress = new Set(["ENOTFOUND", "EAI_AGAIN", "EADDRNOTAVAIL", "EINVAL", "ERR_INVALID_ARG_TYPE"]);

/** What a system's refusal to listen means to whoever configured it; any other error as it is. */
export function listenError(error: unknown, hostname: string, port: number): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "EADDRINUSE") return new PortTakenError(port);
  if (code === "EACCES") {
    return new ConfigurationError([
      `PORT is ${port}, which this user may not open: choose one from 1024 on, and let a proxy or the firewall lead there`,
    ]);
  }
  if (!noAddress.has(code)) return error;
  return new ConfigurationError([
    `HOST is "${hostname}", which is no address of this machine: leave it out, or set 127.0.0.1 for this machine alone and 0.0.0.0 for all`,
  ]);
}
