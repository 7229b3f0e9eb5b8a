import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleWorker } from "./bundle-worker.ts";
import type { Manifest } from "./manifests.ts";
import { measureStarts } from "./measure-start.ts";

/** What one Worker may weigh, and how much processor time it may take to start; Cloudflare ends one that takes 1,000 ms. */
const budget = { gzipBytes: 1_000_000, startMs: 400 } as const;

export interface Weight {
  name: string;
  gzipBytes: number;
  startMs: number;
}

/** Builds every Worker and loads each into workerd. Needs no account and no network. */
export async function weighWorkers(manifests: readonly Manifest[]): Promise<Weight[]> {
  const directory = mkdtempSync(join(tmpdir(), "trivet-bundles-"));
  try {
    const bundles = await Promise.all(
      manifests.map((manifest) => bundleWorker(manifest, join(directory, manifest.config.name))),
    );
    const starts = await measureStarts(bundles);
    return bundles.map(({ manifest, gzipBytes }, index) => ({
      name: manifest.config.name,
      gzipBytes,
      startMs: starts[index] ?? Number.NaN,
    }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One sentence for each Worker and figure over budget. */
export function overBudget(weights: readonly Weight[], limits: Omit<Weight, "name"> = budget): string[] {
  return weights.flatMap(({ name, gzipBytes, startMs }) => [
    ...(gzipBytes <= limits.gzipBytes
      ? []
      : [`${name} is ${kilobytes(gzipBytes)} gzipped; ${kilobytes(limits.gzipBytes)} is the budget.`]),
    ...(startMs <= limits.startMs
      ? []
      : [`${name} takes ${Math.round(startMs)} ms of processor time to start; ${limits.startMs} ms is the budget.`]),
  ]);
}

/** A table for people: one line per Worker. */
export function weightTable(weights: readonly Weight[]): string {
  const lines = weights.map(({ name, gzipBytes, startMs }) =>
    [name.padEnd(24), kilobytes(gzipBytes).padStart(9), `${startMs.toFixed(0)} ms`.padStart(9)].join(" "),
  );
  const limits = [
    "budget".padEnd(24),
    kilobytes(budget.gzipBytes).padStart(9),
    `${budget.startMs} ms`.padStart(9),
  ].join(" ");
  return [["worker".padEnd(24), "gzip".padStart(9), "start cpu".padStart(9)].join(" "), ...lines, limits].join("\n");
}

const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(0)} kB`;
