import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../root.ts";

/** One of the Workers in `conformance/workerd`, as one module. */
export async function bundleWorker(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(root, `packages/testing/src/conformance/workerd/${name}.ts`)],
    bundle: true,
    format: "esm",
    write: false,
    external: ["node:*"],
  });
  return outputFiles[0]?.text ?? "";
}
