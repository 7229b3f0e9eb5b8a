import { randomBytes } from "node:crypto";
import { link, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { ConfigurationError } from "../configuration-error.ts";
import { errorCode } from "../postgres/errors.ts";

const staleAfter = 5_000;
const patience = 4 * staleAfter;
const retryAfter = 10;

/**
 * Runs `work` in one process at a time. Creating a link fails where one exists, on every file system: that is the
 * lock. One left by a killed process ages out.
 */
export async function whileLocked<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const mine = `${lock}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(mine, "", { mode: 0o600, flag: "wx" });
    const held = await taken(mine, lock);
    try {
      return await work();
    } finally {
      await release(mine, lock, held);
    }
  } finally {
    await rm(mine, { force: true });
  }
}

/** Which lock it is, of all that ever had its name: whoever looks later may find another's. */
interface Held {
  identity: string;
  age: number;
}

async function taken(mine: string, lock: string): Promise<Held> {
  const deadline = Date.now() + patience;
  while (!(await created(mine, lock))) {
    const other = await look(lock);
    if (other !== undefined && other.age > staleAfter) await remove(mine, lock, other);
    if (Date.now() > deadline)
      throw new ConfigurationError([`${lock} is held by a process that does not end: end it, or take the file away`]);
    await pause(retryAfter);
  }
  const held = await look(mine);
  if (held === undefined) throw new Error(`${mine} is gone`);
  return held;
}

async function release(mine: string, lock: string, { identity }: Held): Promise<void> {
  const now = await look(mine);
  await remove(mine, lock, { identity, age: 0 });
  // While it is young nobody else can be about to remove it; later the mark has to stay.
  if (now !== undefined && now.age < staleAfter / 2) await rm(markOf(lock, identity), { force: true });
}

/** Of all who want to remove one lock, the first to mark it does: a second would remove the one made since. */
async function remove(mine: string, lock: string, { identity }: Held): Promise<void> {
  if (await created(mine, markOf(lock, identity))) await rm(lock, { force: true });
}

const markOf = (lock: string, identity: string): string => `${lock}.over.${identity}`;

const look = (file: string): Promise<Held | undefined> =>
  stat(file).then(
    ({ ino, mtimeMs }) => ({ identity: `${ino}-${Math.trunc(mtimeMs)}`, age: Date.now() - mtimeMs }),
    (error: unknown) => {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    },
  );

const created = (mine: string, file: string): Promise<boolean> =>
  link(mine, file).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) === "EEXIST") return false;
      throw error;
    },
  );
