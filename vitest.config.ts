import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const database = "./packages/testing/src/database/global-setup.ts";
const wholeSystem = "packages/testing/test/system/**";
const everywhere = {
  // Titles of tests that come from a table are sentences, too; by default they are cut at 40 characters.
  taskTitleValueFormatTruncate: 200,
  // These say that a test hangs, not how fast it has to be: that is said where it is promised.
  testTimeout: 60_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 20_000, interval: 10 } },
};

export default defineConfig({
  test: {
    reporters: ["default", "./packages/testing/src/report/closing-line.ts"],
    projects: [
      {
        test: {
          ...everywhere,
          name: "parts",
          include: ["packages/*/test/**/*.test.ts", "workers/*/test/**/*.test.ts"],
          exclude: [wholeSystem],
          globalSetup: [database],
          // One more than cores: half of what the tests do is to wait for processes, locks and deadlines.
          maxWorkers: availableParallelism() + 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...everywhere,
          name: "system",
          include: [`${wholeSystem}/*.test.ts`],
          globalSetup: [database, "./packages/testing/src/system/shared-systems.ts"],
          // One file after the other: they share the systems, and those share the machine.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
