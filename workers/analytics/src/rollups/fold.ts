import { transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import {
  countChunks,
  holdRollups,
  type Register,
  type SlotKey,
  selectSketches,
  upsertRollups,
} from "../queries/rollups.ts";
import { type Level, levels } from "./cover.ts";
import { emptySketch, mergePacked, packSketch, raise, type Sketch } from "./sketch.ts";

/** Events that one transaction counts at most, to stay well within the time that a statement has. */
const portion = 50_000;

type Change = SlotKey & { events: number; visitors: Sketch };

/**
 * Adds what has come in since to the rollups, however late it is: each chunk is marked in the transaction that counts its
 * events, so that none is counted twice and none is left out. Answers whether more may wait.
 */
export async function foldChunks({ db }: Pick<Deps, "db">): Promise<boolean> {
  return await transaction(db, async (tx) => {
    if (!(await holdRollups(tx))) return false;
    const changes = changesOf(await countChunks(tx, portion));
    if (changes.size === 0) return false;
    for (const { visitors, ...key } of await selectSketches(tx, [...changes.values()])) {
      const change = changes.get(keyOf(key));
      if (change) mergePacked(change.visitors, visitors);
    }
    const rows = [...changes.values()].map((change) => ({ ...change, visitors: packSketch(change.visitors) }));
    await upsertRollups(tx, rows);
    return true;
  });
}

/** What the counts mean to every slot they lie in: of each length, of their name and of all names together. */
function changesOf(registers: readonly Register[]): Map<string, Change> {
  const changes = new Map<string, Change>();
  const changeOf = (key: SlotKey): Change => {
    const found = changes.get(keyOf(key)) ?? { ...key, events: 0, visitors: emptySketch() };
    changes.set(keyOf(key), found);
    return found;
  };
  for (const { name, slot, register, rank, events } of registers) {
    for (const level of Object.keys(levels) as Level[]) {
      for (const whose of [name, ""]) {
        const change = changeOf({ level, name: whose, slot: Math.floor(slot / levels[level]) * levels[level] });
        change.events += events;
        if (register !== null && rank !== null) raise(change.visitors, register, rank);
      }
    }
  }
  return changes;
}

const keyOf = ({ level, name, slot }: SlotKey): string => `${level} ${slot} ${name}`;
