import type { ArgsDef, CommandDef, Resolvable } from "citty";

export interface Invocation {
  command: CommandDef;
  parent?: CommandDef;
  help: boolean;
  /** A sentence on what cannot be understood. */
  fault?: string;
}

/** citty lets any part of a command be made when it is needed; of its types only such a maker is a function. */
const resolved = async <T>(value: Resolvable<T> | undefined): Promise<T | undefined> =>
  typeof value === "function" ? await (value as () => T | Promise<T>)() : await value;

/**
 * Which command is meant, and whether every option is one it has: citty passes over options that it
 * does not know, and a mistyped `--worker` would quietly start something else.
 */
export async function readInvocation(root: CommandDef, rawArgs: readonly string[]): Promise<Invocation> {
  let command = root;
  let parent: CommandDef | undefined;
  let rest = [...rawArgs];
  while (true) {
    const commands = await resolved(command.subCommands);
    if (commands === undefined) break;
    const name = rest[0];
    if (name === undefined || isHelp(name)) return found(command, parent, true);
    const next = Object.hasOwn(commands, name) ? await resolved(commands[name]) : undefined;
    if (next === undefined) return { ...found(command, parent, false), fault: `There is no command ${name}.` };
    parent = command;
    command = next;
    rest = rest.slice(1);
  }
  const invocation = found(command, parent, rest.some(isHelp));
  const args = (await resolved(command.args)) ?? {};
  const unknown = unknownOption(args, rest);
  if (unknown !== undefined) return { ...invocation, fault: `There is no option ${unknown}.` };
  const missing = missingOption(args, rest);
  return missing === undefined
    ? invocation
    : { ...invocation, fault: `${rawArgs.slice(0, -rest.length || undefined).join(" ")} needs ${missing}.` };
}

const found = (command: CommandDef, parent: CommandDef | undefined, help: boolean): Invocation =>
  parent === undefined ? { command, help } : { command, parent, help };

const isHelp = (argument: string): boolean => argument === "--help" || argument === "-h";

/** As it is to be given; citty answers with the stack of an error of its own. */
function missingOption(args: ArgsDef, rest: readonly string[]): string | undefined {
  for (const [name, definition] of Object.entries(args)) {
    if (definition.type === "positional" || definition.required !== true) continue;
    const at = rest.findIndex((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`));
    const value = rest[at]?.includes("=") ? rest[at].replace(/^.*?=/s, "") : rest[at + 1];
    if (at === -1 || !value) return `--${name} <${definition.valueHint ?? "value"}>`;
  }
  return undefined;
}

function unknownOption(args: ArgsDef, rest: readonly string[]): string | undefined {
  const known = new Set(Object.entries(args).flatMap(([name, { type }]) => (type === "positional" ? [] : [name])));
  return rest.find((argument) => {
    if (!argument.startsWith("-") || isHelp(argument)) return false;
    const name = argument.replace(/^--(no-)?/, "").replace(/=.*$/s, "");
    return !known.has(name);
  });
}
