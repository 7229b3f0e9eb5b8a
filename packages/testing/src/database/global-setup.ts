import process from "node:process";
import { createTemplate } from "./template.ts";
import { startTestServer } from "./test-server.ts";

/** Vitest's global setup: one server and one migrated template for the whole run, gone after it. */
export default async function setup(): Promise<() => Promise<void>> {
  // Vitest sets up each project and tears them down in reverse, so whoever came first leaves last.
  if (process.env.TRIVET_TEST_TEMPLATE !== undefined) return async () => {};
  const server = await startTestServer();
  try {
    const template = await createTemplate(server.url);
    process.env.TRIVET_TEST_DATABASE_URL = server.url;
    process.env.TRIVET_TEST_TEMPLATE = template.name;
    process.stdout.write(`Tests run on ${server.description}.\n`);
    return async () => {
      await template.drop();
      await server.stop();
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
