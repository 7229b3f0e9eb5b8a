import { describe, expect, test } from "vitest";
import { deploySteps } from "../src/deploy-steps.ts";

const step = (name: string, ...without: string[]) => ({ name, without });

describe("the order of a deployment", () => {
  test("whoever is needed comes first", () => {
    const workers = [
      { name: "router", needs: ["posts", "users"] },
      { name: "posts", needs: ["users"] },
      { name: "users", needs: [] },
    ];
    expect(deploySteps(workers, new Set())).toEqual([step("users"), step("posts"), step("router")]);
  });

  const pair = [
    { name: "router", needs: ["auth", "users"] },
    { name: "auth", needs: ["users"] },
    { name: "users", needs: ["auth"] },
  ];

  test("of two new Workers that need each other, one goes first without the binding and again with it", () => {
    expect(deploySteps(pair, new Set())).toEqual([step("users", "auth"), step("auth"), step("users"), step("router")]);
  });

  test("once both exist, each is deployed once and whole", () => {
    expect(deploySteps(pair, new Set(["auth", "users"]))).toEqual([step("users"), step("auth"), step("router")]);
  });

  test("three new Workers in a ring all end up whole, and none is bound to one that does not exist yet", () => {
    const ring = [
      { name: "a", needs: ["b", "c"] },
      { name: "b", needs: ["c"] },
      { name: "c", needs: ["a", "b"] },
    ];
    const there = new Set<string>();
    const whole = new Set<string>();
    for (const { name, without } of deploySteps(ring, new Set())) {
      const bound = ring.find((worker) => worker.name === name)?.needs.filter((need) => !without.includes(need)) ?? [];
      expect(bound.filter((need) => !there.has(need))).toEqual([]);
      there.add(name);
      if (without.length === 0) whole.add(name);
    }
    expect([...whole].sort()).toEqual(["a", "b", "c"]);
  });

  test("a binding to a Worker that nobody describes is refused by name", () => {
    expect(() => deploySteps([{ name: "router", needs: ["ghost"] }], new Set())).toThrow("router is bound to ghost");
  });
});
