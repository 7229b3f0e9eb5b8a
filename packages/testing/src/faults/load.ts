import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

/** What came of a request. */
export interface Outcome {
  /** 0 where there was no answer. */
  status: number;
  /** What was sent, and why there was no answer. */
  about: string;
  /** Milliseconds. */
  took: number;
}

export interface Sent {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Sends one request, on a kept connection where `agent` has one. */
export function send(url: string, { method, path, headers = {}, body }: Sent, agent: Agent | false): Promise<Outcome> {
  const began = performance.now();
  const about = `${method} ${path}`;
  return new Promise((resolve) => {
    const took = (): number => performance.now() - began;
    const asked = request(url + path, { method, headers, agent, timeout: 20_000 }, (answer) => {
      answer
        .resume()
        .on("end", () => resolve({ status: answer.statusCode ?? 0, about, took: took() }))
        .on("error", (error) => resolve({ status: 0, about: `${about}: ${error.message}`, took: took() }));
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer in 20 s")));
    asked.on("error", (error) => resolve({ status: 0, about: `${about}: ${error.message}`, took: took() }));
    asked.end(body);
  });
}

export interface Load {
  /** Ends the load, and resolves to what came of all that was sent. */
  stop(): Promise<Outcome[]>;
}

/** So many requests a second, whatever becomes of them, on connections that are kept. */
export function startLoad(rate: number, url: string, next: (index: number) => Sent): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const underWay: Promise<Outcome>[] = [];
  let going = true;
  const began = performance.now();
  const sending = (async () => {
    for (let index = 0; going; index += 1) {
      await pause(Math.max(0, began + (index * 1_000) / rate - performance.now()));
      underWay.push(send(url, next(index), agent));
    }
  })();
  return {
    async stop() {
      going = false;
      await sending;
      const outcomes = await Promise.all(underWay);
      agent.destroy();
      return outcomes;
    },
  };
}

/** Of these, what no client should have to see. */
export const failuresIn = (outcomes: readonly Outcome[]): Outcome[] =>
  outcomes.filter(({ status }) => status === 0 || status >= 500);

/** Milliseconds below which so large a share of them took. */
export function quantile(outcomes: readonly Outcome[], share: number): number {
  const times = outcomes.map(({ took }) => took).sort((a, b) => a - b);
  return times[Math.floor(share * (times.length - 1))] ?? Number.NaN;
}
