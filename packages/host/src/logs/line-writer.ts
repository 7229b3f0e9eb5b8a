import { write, writeSync } from "node:fs";

export interface LineWriter {
  write(line: string): void;
  /**
   * Writes what is left without returning to the event loop: for the last moments of a process. What is on its way
   * then is written again, because nobody can tell whether it arrives.
   */
  flush(): void;
  /** Writes what is left, each line once. */
  end(): Promise<void>;
}

const limit = 8 * 1024 * 1024;
const retryAfter = 10;
const attemptsAtExit = 100;

/**
 * Writes lines to a file descriptor in the background, as many as have gathered in one piece. On a pipe
 * `process.stdout` blocks the whole process while its reader is slow; here lines wait, and past 8 MB
 * they are dropped and counted, because a log must never hold up requests. `atOnce` is how many bytes
 * one write may have, but for a longer line.
 */
export function openLineWriter(fd: number, atOnce = Number.POSITIVE_INFINITY): LineWriter {
  const waiting: string[] = [];
  let waitingSize = 0;
  let dropped = 0;
  let inFlight: Buffer | undefined;
  let scheduled = false;
  let whenIdle: (() => void) | undefined;

  const gather = (): Buffer | undefined => {
    if (waiting.length === 0) return undefined;
    if (dropped > 0) waiting.push(`${JSON.stringify({ level: "WARN", message: "Log lines were dropped", dropped })}\n`);
    dropped = 0;
    const piece = waiting.splice(0, countWithin(waiting, atOnce)).join("");
    waitingSize = waiting.length === 0 ? 0 : waitingSize - piece.length;
    return Buffer.from(piece);
  };
  const next = (): void => {
    scheduled = false;
    inFlight ??= gather();
    if (!inFlight) {
      whenIdle?.();
      return;
    }
    write(fd, inFlight, (error, written) => {
      if (error && error.code !== "EAGAIN") inFlight = undefined;
      else if (inFlight) inFlight = written < inFlight.length ? inFlight.subarray(written) : undefined;
      if (error?.code === "EAGAIN") setTimeout(next, retryAfter).unref();
      else if (inFlight || whenIdle) next();
      else schedule();
    });
  };
  const schedule = (): void => {
    if (scheduled || inFlight || waiting.length === 0) return;
    scheduled = true;
    setImmediate(next);
  };
  return {
    write(line) {
      if (waitingSize + line.length > limit) {
        dropped += 1;
        return;
      }
      waiting.push(line);
      waitingSize += line.length;
      schedule();
    },
    flush() {
      for (let bytes = inFlight ?? gather(); bytes; bytes = gather()) writeWhole(fd, bytes);
      inFlight = undefined;
    },
    end() {
      return new Promise((resolve) => {
        whenIdle = resolve;
        if (!scheduled && !inFlight) next();
      });
    },
  };
}

/** How many of the first lines are no more bytes than that together; one, should it be longer. */
function countWithin(lines: readonly string[], bytes: number): number {
  if (bytes === Number.POSITIVE_INFINITY) return lines.length;
  let left = bytes;
  const past = lines.findIndex((line) => {
    left -= Buffer.byteLength(line);
    return left < 0;
  });
  return past === -1 ? lines.length : Math.max(past, 1);
}

function writeWhole(fd: number, bytes: Buffer): void {
  let position = 0;
  for (let attempt = 0; position < bytes.length && attempt < attemptsAtExit; attempt += 1) {
    try {
      position += writeSync(fd, bytes, position);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryAfter);
    }
  }
}
