import { type Manifest, routerName } from "./manifest/index.ts";

/** The services that run in this process: those named, or all. */
export function selectServices(
  manifests: readonly Manifest[],
  names: readonly string[] | undefined,
): { selected: Manifest[]; faults: string[] } {
  if (names === undefined || names.length === 0) return { selected: [...manifests], faults: [] };
  const known = new Map(manifests.map((manifest) => [manifest.service, manifest]));
  const unknown = names.filter((name) => !known.has(name));
  return {
    selected: [...new Set(names)].flatMap((name) => known.get(name) ?? []),
    faults: unknown.map((name) => `There is no service ${name}; there are ${[...known.keys()].join(", ")}`),
  };
}

/** A port, and the service that answers there. */
export interface Listener {
  manifest: Manifest;
  port: number;
}

const publicPort = 8787;

/**
 * With the router here one port is enough: it reaches the others in the process. Without it, each
 * service has its own. `wanted` (an option, or PORT) replaces the [dev] port where there is one port.
 */
export function planListeners(
  selected: readonly Manifest[],
  wanted: number | undefined,
): { listeners: Listener[]; faults: string[] } {
  const router = selected.find(({ service }) => service === routerName);
  const open = router ? [router] : selected;
  if (open.length > 1 && wanted !== undefined && wanted !== 0) {
    const names = open.map(({ service }) => service).join(", ");
    return {
      listeners: [],
      faults: [`PORT is one port, but ${names} need one each: unset it, or start the router with them`],
    };
  }
  const faults: string[] = [];
  const listeners = open.flatMap((manifest) => {
    const port = wanted ?? manifest.port ?? (manifest === router ? publicPort : undefined);
    if (port === undefined)
      faults.push(`${manifest.file}: has no [dev] port, which ${manifest.service} needs to run without the router`);
    return port === undefined ? [] : [{ manifest, port }];
  });
  return { listeners, faults };
}
