import { describe, expect, onTestFinished, test } from "vitest";
import { availableDrivers, openQueueHome } from "../src/conformance/queues/drivers.ts";

const soon = () => AbortSignal.timeout(20_000);

describe.each(availableDrivers)("a message that is sent with a delay, on %s", (driver) => {
  test.each([
    ["fetched before it is due", 0],
    ["fetched by nobody before it is due", 1_200],
  ])("%s: its attempts are counted from one, each once", async (_, pause) => {
    const home = await openQueueHome(driver);
    onTestFinished(() => home.close());
    const due = Date.now() + 1_000;
    await home.driver.send("late", [{ contentType: "text", body: new TextEncoder().encode("x"), delaySeconds: 1 }]);
    // What is tested is that it has become due meanwhile.
    await new Promise((resolve) => setTimeout(resolve, pause));
    const consumer = home.driver.consume("late", { size: 1, most: undefined });
    const attempts: number[] = [];
    while (attempts.length < 3) {
      const [delivery] = await consumer.receive(1, soon());
      if (!delivery) throw new Error("It never came.");
      expect(Date.now()).toBeGreaterThanOrEqual(due);
      attempts.push(delivery.attempts);
      await consumer.settle(delivery, attempts.length < 3 ? { kind: "retry", delaySeconds: 0 } : { kind: "ack" });
    }
    await consumer.close();
    expect(attempts).toEqual([1, 2, 3]);
  });
});
