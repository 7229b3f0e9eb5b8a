import { type FSWatcher, globSync, watch } from "node:fs";
import { basename, join, relative } from "node:path";

/** What a person changes: sources, manifests, migrations, static files, `.env`; not what tools write beside them. */
const folders = ["packages/*/src", "packages/*/assets", "workers/*/src", "drizzle"];
const files = ["wrangler.toml", ".env", "workers/*/wrangler.toml"];
const settleTime = 80;

/** Calls back once after each burst of changes (an editor's save, a checkout), with one of the changed files. */
export function watchSources(root: string, onChange: (file: string) => void): { close(): void } {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const changed = (path: string): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      watchAll();
      onChange(relative(root, path));
    }, settleTime);
  };
  // Each folder for itself: on Linux a recursive watch follows files, and loses one that an editor replaces.
  const add = (path: string, isOurs: (name: string) => boolean): void => {
    if (watchers.has(path)) return;
    const watcher = watch(path, (_, name) => {
      if (name !== null && isOurs(name)) changed(join(path, name));
    });
    watcher.on("error", () => watcher.close());
    watcher.on("close", () => watchers.delete(path));
    watchers.set(path, watcher);
  };
  const watchAll = (): void => {
    const trees = globSync(
      folders.flatMap((folder) => [`${folder}/`, `${folder}/**/`]),
      { cwd: root },
    );
    for (const folder of trees) add(join(root, folder), (name) => !noise.test(name));
    for (const folder of new Set(["", ...globSync(files, { cwd: root }).map((file) => join(file, ".."))])) {
      add(join(root, folder), (name) => files.some((file) => basename(file) === name));
    }
  };
  watchAll();
  return {
    close() {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** Swap and backup files of editors and of `sed -i`. */
const noise = /^(\.|4913$|sed\w{6}$)|(~|\.swp|\.tmp)$/;
