import { defineConfig } from "vitest/config";

const database = "./packages/testing/src/database/global-setup.ts";
const wholeSystem = "packages/testing/test/system/**";
// Titles of tests that come from a table are sentences, too; by default they are cut at 40 characters.
const taskTitleValueFormatTruncate = 200;

export default defineConfig({
  test: {
    reporters: ["default", "./packages/testing/src/report/closing-line.ts"],
    projects: [
      {
        test: {
          name: "parts",
          include: ["packages/*/test/**/*.test.ts", "workers/*/test/**/*.test.ts"],
          exclude: [wholeSystem],
          globalSetup: [database],
          taskTitleValueFormatTruncate,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "system",
          include: [`${wholeSystem}/*.test.ts`],
          taskTitleValueFormatTruncate,
          globalSetup: [database, "./packages/testing/src/system/shared-systems.ts"],
          // One file after the other: they share the systems, and those share the machine.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
