import { defineCommand } from "citty";
import { ConfigurationError } from "../../configuration-error.ts";
import { readManifests } from "../../manifest/index.ts";
import { UsageError } from "../exit.ts";
import { findRoot } from "../project.ts";
import { editsFor } from "./edits.ts";
import { nameFault } from "./name.ts";
import { filesOf } from "./template.ts";
import { writeAll } from "./write.ts";

const firstPort = 8_001;

export const newService = defineCommand({
  meta: { name: "new", description: "Writes a new service that works: folder, migration, bindings, event, tests" },
  args: {
    service: { type: "positional", required: true, description: "Its name, one word of a to z, such as `notes`" },
    "dry-run": { type: "boolean", description: "Only show which files would be written and changed" },
  },
  run({ args }) {
    const root = findRoot();
    const name = args.service;
    const fault = nameFault(root, name);
    if (fault !== undefined) throw new UsageError(fault);
    const port = freePort(root);
    const files = filesOf(name, port);
    const edits = editsFor(root, name, port);
    const isDry = args["dry-run"] === true;
    if (!isDry) writeAll(root, files, edits);
    for (const { path } of files) say(`new      ${path}`);
    for (const { path } of edits) say(`changed  ${path}`);
    say(isDry ? "\nNothing was written." : nextSteps(name));
  },
});

/** The lowest from 8001 on that no service has for itself. */
function freePort(root: string): number {
  const { manifests, faults } = readManifests(root);
  if (faults.length > 0) throw new ConfigurationError(faults);
  const used = new Set(manifests.map(({ port }) => port));
  let port = firstPort;
  while (used.has(port)) port += 1;
  return port;
}

const nextSteps = (name: string): string => `
It works as it is. Next:
  npm install                                    # enters it into package-lock.json
  npm test -- --project parts workers/${name}
  npm start                                      # http://localhost:8787/${name}/docs
Then make it yours: items are the example. What it does is said in workers/${name}/src/service.ts and in README.md,
what it announces in packages/contracts/src/events/catalogue.ts.`;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
