import type { ArgsDef, CommandDef, Resolvable } from "citty";

export interface Invocation {
  command: CommandDef;
  /** What stands before the command's own name, as its help has to say it. */
  parent?: CommandDef;
  help: boolean;
  /** What was given, each value joined to its option, as citty cannot mistake it. */
  rawArgs: string[];
  /** A sentence on what cannot be understood. */
  fault?: string;
}

/** citty lets any part of a command be made when it is needed; of its types only such a maker is a function. */
const resolved = async <T>(value: Resolvable<T> | undefined): Promise<T | undefined> =>
  typeof value === "function" ? await (value as () => T | Promise<T>)() : await value;

/**
 * Which command is meant, and whether every argument is one it takes: citty passes over options and words that it
 * does not know, so that a mistyped `--worker` would quietly start something else, and answers what is missing with
 * the stack of an error of its own.
 */
export async function readInvocation(root: CommandDef, rawArgs: readonly string[]): Promise<Invocation> {
  let command = root;
  const path: string[] = [];
  let before: string | undefined;
  while (true) {
    const rest = rawArgs.slice(path.length);
    const parent = before === undefined ? {} : { parent: { meta: { name: before } } };
    const commands = await resolved(command.subCommands);
    if (commands === undefined) {
      const read = readArguments((await resolved(command.args)) ?? {}, path.join(" "), rest);
      return { command, ...parent, help: rest.some(isHelp), ...read, rawArgs: [...path, ...read.rawArgs] };
    }
    const name = rest[0];
    if (name === undefined || isHelp(name)) return { command, ...parent, help: true, rawArgs: [] };
    const next = Object.hasOwn(commands, name) ? await resolved(commands[name]) : undefined;
    if (next === undefined)
      return { command, ...parent, help: false, rawArgs: [], fault: `There is no command ${name}.` };
    const own = (await resolved(command.meta))?.name ?? "";
    before = before === undefined ? own : `${before} ${own}`;
    command = next;
    path.push(name);
  }
}

const isHelp = (argument: string): boolean => argument === "--help" || argument === "-h";

/** A word, or a number below zero, which is none of our options. */
const isValue = (argument: string | undefined): argument is string =>
  argument !== undefined && /^(?!-)|^-\d/.test(argument) && argument !== "";

function readArguments(args: ArgsDef, path: string, rest: readonly string[]): { rawArgs: string[]; fault?: string } {
  const rawArgs: string[] = [];
  const words: string[] = [];
  const given = new Set<string>();
  const wrong = (fault: string) => ({ rawArgs, fault });
  for (let at = 0; at < rest.length; at += 1) {
    const argument = rest[at] ?? "";
    if (!argument.startsWith("-")) words.push(argument);
    else if (!isHelp(argument)) {
      const [, name = "", value] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
      const kind = kindOf(args, name);
      if (kind === undefined) return wrong(`There is no option ${argument.replace(/=.*$/s, "")}.`);
      given.add(name);
      if (kind === "flag") rawArgs.push(argument);
      else {
        const next = value ?? rest[at + 1];
        if (!isValue(next)) return wrong(`${path} needs ${asGiven(args, name)}.`);
        if (value === undefined) at += 1;
        rawArgs.push(`--${name}=${next}`);
      }
    }
  }
  const missing = Object.entries(args).find(
    ([name, { type, required }]) => type !== "positional" && required === true && !given.has(name),
  );
  if (missing) return wrong(`${path} needs ${asGiven(args, missing[0])}.`);
  const fault = wordsFault(args, path, words);
  return { rawArgs: [...rawArgs, ...words], ...(fault !== undefined && { fault }) };
}

function kindOf(args: ArgsDef, name: string): "flag" | "value" | undefined {
  if (name.startsWith("no-")) return args[name.slice(3)]?.type === "boolean" ? "flag" : undefined;
  const type = Object.hasOwn(args, name) ? args[name]?.type : "positional";
  if (type === "positional") return undefined;
  return type === "boolean" ? "flag" : "value";
}

const asGiven = (args: ArgsDef, name: string): string => `--${name} <${args[name]?.valueHint ?? "value"}>`;

/** A word that a command can do without stands for as many as there are, such as the names of services. */
function wordsFault(args: ArgsDef, path: string, words: readonly string[]): string | undefined {
  const places = Object.entries(args).filter(([, { type }]) => type === "positional");
  const required = places.filter(([, { required: needed }]) => needed !== false);
  const missing = required.slice(words.filter((word) => word !== "").length);
  if (missing.length > 0) return `${path} needs ${missing.map(([name]) => `<${name}>`).join(" ")}.`;
  if (places.length > required.length || words.length <= required.length) return undefined;
  return `${path} has no use for ${words.slice(required.length).join(" ")}.`;
}
