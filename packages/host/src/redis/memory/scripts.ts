import { definedScript, type RedisValue, type Script } from "@trivet/platform/redis";
import { integer } from "./arguments.ts";
import { Refusal } from "./keyspace.ts";

/** How a script's commands are run: the same way as any other's. */
export type RunCommand = (command: readonly string[]) => RedisValue;

/** EVAL, EVALSHA and SCRIPT: of each script its twin in JavaScript runs. One without is refused. */
export class Scripts {
  readonly #loaded = new Set<string>();

  eval(digestOf: (text: string) => string, [lua = "", ...rest]: readonly string[], run: RunCommand): RedisValue {
    const digest = digestOf(lua);
    const script = definedScript(digest);
    if (!script) throw new Refusal(noTwin);
    this.#loaded.add(digest);
    return runTwin(script, rest, run);
  }

  evalSha([digest = "", ...rest]: readonly string[], run: RunCommand): RedisValue {
    const script = this.#loaded.has(digest.toLowerCase()) ? definedScript(digest) : undefined;
    if (!script) throw new Refusal("NOSCRIPT No matching script. Please use EVAL.");
    return runTwin(script, rest, run);
  }

  script(digestOf: (text: string) => string, [verb = "", ...rest]: readonly string[]): RedisValue {
    if (verb.toUpperCase() === "EXISTS") return rest.map((digest) => (this.#loaded.has(digest.toLowerCase()) ? 1 : 0));
    if (verb.toUpperCase() !== "LOAD") throw new Refusal(`ERR unknown subcommand '${verb}'. Try SCRIPT HELP.`);
    const digest = digestOf(rest[0] ?? "");
    if (!definedScript(digest)) throw new Refusal(noTwin);
    this.#loaded.add(digest);
    return digest;
  }
}

const noTwin =
  "ERR The Redis in this process runs no Lua: define the script with its twin by defineScript, or set REDIS_URL";

function runTwin(script: Script, [count, ...rest]: readonly string[], run: RunCommand): RedisValue {
  const keys = integer(count);
  if (keys < 0) throw new Refusal("ERR Number of keys can't be negative");
  if (keys > rest.length) throw new Refusal("ERR Number of keys can't be greater than number of args");
  return script.twin((...command) => run(command), rest.slice(0, keys), rest.slice(keys));
}
