/** Ten times each limit over four processes, every request with another forged address; see docs/reliability.md. */
import process from "node:process";
import { ask, inParallel, startRouters } from "../src/faults/router-with-redis.ts";

const limits = { RATE_LIMIT_ADDRESS: "600", RATE_LIMIT_CREDENTIALS: "30" };
const rounds = [
  { limit: 600, method: "GET", path: "/users/1" },
  { limit: 300, method: "PUT", path: "/users/1" },
  { limit: 30, method: "POST", path: "/auth/login" },
];

const forged = (index: number): Record<string, string> => {
  const address = `198.51.${index % 250}.${(index >> 8) % 250}`;
  return { "x-forwarded-for": address, forwarded: `for=${address}`, "x-real-ip": address, "cf-connecting-ip": address };
};

let failed = false;
for (const runtime of ["node", "bun"] as const) {
  const routers = await startRouters(runtime, 4, limits);
  try {
    for (const [index, { limit, method, path }] of rounds.entries()) {
      const from = `127.0.0.${10 + index}`;
      const answers = await inParallel(10 * limit, 64, (sent) => ask(routers.port, from, method, path, forged(sent)));
      const accepted = answers.filter(({ status }) => status === 200).length;
      const others = answers.filter(({ status }) => status !== 200 && status !== 429).length;
      const local = answers.filter((answer) => answer.local).length;
      const off = (100 * (accepted - limit)) / limit;
      const holds = Math.abs(off) <= 1 && others === 0;
      failed ||= !holds;
      process.stdout.write(
        `${holds ? "holds" : "FAILS"}: ${runtime}, 4 processes, ${method} ${path}, limit ${limit}, ${answers.length} requests: ` +
          `${accepted} accepted (${off.toFixed(2)} %), ${others} neither 200 nor 429, ${local} counted locally\n`,
      );
    }
  } finally {
    await routers.stop();
  }
}
process.exitCode = failed ? 1 : 0;
