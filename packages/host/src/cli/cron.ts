import { defineCommand } from "citty";
import { readSchedule } from "../crons/index.ts";
import type { Manifest } from "../manifest/index.ts";
import { runCron } from "../run-cron.ts";
import { givenAddress } from "../services/index.ts";
import { openDatabaseServer } from "./database-server.ts";
import { CommandError } from "./exit.ts";
import { formatTable } from "./print-addresses.ts";
import { openProject, type Project } from "./project.ts";

const shown = 3;

const list = defineCommand({
  meta: { name: "list", description: "Shows every cron and its next ticks, in UTC" },
  args: { services: { type: "positional", required: false, description: "Of these; of all when left out" } },
  run({ args }) {
    const rows = openProject(args._).selected.flatMap(({ service, crons }) =>
      crons.map((cron) => [service, cron, ...nextTicks(cron)]),
    );
    say(rows.length === 0 ? "There are no crons." : formatTable(rows));
  },
});

const run = defineCommand({
  meta: { name: "run", description: "Runs a cron of a service now, in this process; exits 1 when the run fails" },
  args: {
    service: { type: "positional", required: true, description: "Its name, such as `auth`" },
    cron: {
      type: "positional",
      required: true,
      description: "The expression as `trivet cron list` shows it, in quotes",
    },
  },
  async run({ args }) {
    const whole = openProject();
    const manifest = whole.manifests.find(({ service }) => service === args.service);
    const crons = manifest?.crons ?? [];
    if (!manifest || !crons.includes(args.cron)) {
      const known = crons.map((cron) => `"${cron}"`).join(", ") || "none";
      throw new CommandError(
        manifest
          ? `${args.service} has no cron "${args.cron}"; it has ${known}.`
          : `There is no service ${args.service}.`,
      );
    }
    const services = inThisProcess(whole, manifest);
    const project = openProject(services);
    const { adminUrl, stop } = await openDatabaseServer(project);
    try {
      const options = { root: project.root, services, ...(adminUrl !== undefined && { databaseUrl: adminUrl }) };
      await runCron(options, manifest.service, args.cron);
    } finally {
      await stop();
    }
  },
});

export const cron = defineCommand({
  meta: { name: "cron", description: "Shows what runs at which times, and runs it now" },
  subCommands: { list, run },
});

function nextTicks(expression: string): string[] {
  const read = readSchedule(expression);
  if ("fault" in read) return [];
  const ticks: number[] = [];
  while (ticks.length < shown) ticks.push(read.schedule.next(ticks.at(-1) ?? Date.now()));
  return ticks.filter(Number.isFinite).map((tick) => `${new Date(tick).toISOString().slice(0, 16)}Z`);
}

/** The service and those it may call, and those they may, but for services that are said to answer elsewhere. */
function inThisProcess({ manifests, source }: Project, first: Manifest): string[] {
  const here = new Set([first]);
  for (const manifest of here) {
    for (const { service: name } of manifest.services) {
      const sibling = manifests.find((one) => one.name === name);
      if (sibling && !givenAddress(source, sibling)) here.add(sibling);
    }
  }
  return [...here].map(({ service }) => service);
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
