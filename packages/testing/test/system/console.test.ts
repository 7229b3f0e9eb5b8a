import { existsSync } from "node:fs";
import process from "node:process";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { client } from "../../src/client.ts";
import { register, withRole } from "../../src/people.ts";

const executablePath = [process.env.CHROMIUM_PATH ?? "", "/usr/bin/chromium"].find(existsSync);

describe.skipIf(executablePath === undefined)(
  `the page of events${executablePath ? "" : ": there is no Chromium here"}`,
  () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
    });
    afterAll(() => browser?.close());

    test.for(inject("systems"))(
      "shows an administrator, and nobody else, the monitor and what happens, and breaks no policy, on $runtime",
      async ({ url, adminUrl }) => {
        const api = client(url);
        const [admin, eve] = [await withRole(api, adminUrl, "admin"), await register(api)];
        const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
        const complaints: string[] = [];
        page.on("pageerror", ({ message }) => complaints.push(message));
        page.on("console", (said) => {
          if (said.type() === "error" && !said.text().includes("403")) complaints.push(said.text());
        });
        const elsewhere: string[] = [];
        page.on("request", (request) => {
          if (!request.url().startsWith(url) && !request.url().startsWith("data:")) elsewhere.push(request.url());
        });
        await page.goto(`${url}/api/v1/events/monitor`);
        expect(page.url()).toBe(`${url}/api/v1/events/console`);
        const enter = async (account: string, password: string) => {
          await page.getByLabel("Account").fill(account);
          await page.getByLabel("Password").fill(password);
          await page.getByRole("button").click();
        };
        await enter(eve.email, eve.password);
        await expect.poll(() => page.getByRole("status").textContent()).toContain("admin");
        expect(await page.getByText("Who listens").isVisible()).toBe(false);
        await enter(admin.username, admin.password);
        await expect.poll(() => page.getByRole("status").textContent(), { timeout: 10_000 }).toBe("Watching.");
        await page.getByText("events in the last minute").waitFor();
        await page.locator("#consumers").getByRole("cell", { name: "users", exact: true }).waitFor();
        await api.post("/events", { event: "SETTINGS_UPDATED", data: { userId: admin.id } }, admin.token);
        await expect
          .poll(() => page.locator("#tail tr", { hasText: admin.id }).allTextContents(), { timeout: 15_000 })
          .toEqual([expect.stringContaining("settings.updated")]);
        const { TRIVET_SCREENSHOTS: folder } = process.env;
        if (folder !== undefined) await page.screenshot({ path: `${folder}/events-console.png` });
        expect([complaints, elsewhere]).toEqual([[], []]);
        await page.close();
      },
    );
  },
);
