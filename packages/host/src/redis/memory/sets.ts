import { any, type Commands } from "./command.ts";

export const sets: Commands = {
  SADD: {
    arity: [2, any],
    run(space, [key = "", ...members]) {
      const set = space.open(key, "set", () => new Set());
      const before = set.size;
      for (const member of members) set.add(member);
      return set.size - before;
    },
  },
  SREM: {
    arity: [2, any],
    run(space, [key = "", ...members]) {
      const set = space.get(key, "set");
      if (!set) return 0;
      const removed = members.filter((member) => set.delete(member)).length;
      space.deleteEmpty(key, set.size);
      return removed;
    },
  },
  SMEMBERS: { arity: [1, 1], run: (space, [key = ""]) => [...(space.get(key, "set") ?? [])] },
  SISMEMBER: { arity: [2, 2], run: (space, [key = "", member = ""]) => (space.get(key, "set")?.has(member) ? 1 : 0) },
  SCARD: { arity: [1, 1], run: (space, [key = ""]) => space.get(key, "set")?.size ?? 0 },
};
