import { ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type Problem, problemBody, problems, refusalHeaders } from "./problem.ts";
import { maxTargetLength } from "./server.ts";

interface ParseError extends Error {
  code?: string;
  rawPacket?: Buffer;
}

/** Answers what Node could not read as a request, and closes: nothing that follows could be told apart from it. */
export function answerParseError(error: ParseError, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  refuseOn(socket, problemOf(error));
}

/** Writes a refusal where there is no response to write it with, and closes. */
export function refuseOn(socket: Duplex, problem: Problem): void {
  const body = problemBody(problem);
  const headers = { ...refusalHeaders(problem), "content-length": String(Buffer.byteLength(body)) };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${head.join("")}\r\n${body}`);
}

/** Whether an answer is half out, as when its request's body breaks off later: more text would become part of it. */
function isAnswering(socket: Duplex): boolean {
  // Where Node keeps it for its own answer to such errors.
  const answer: unknown = Reflect.get(socket, "_httpMessage");
  return answer instanceof ServerResponse && answer.headersSent;
}

function problemOf({ code, rawPacket }: ParseError): Problem {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return problems.timeout;
  if (code !== "HPE_HEADER_OVERFLOW") return problems.malformed;
  // Node counts request line and headers together. No line end for so long means that it is the target.
  const lineEnd = rawPacket?.indexOf("\r\n") ?? -1;
  return lineEnd === -1 || lineEnd > maxTargetLength ? problems.target : problems.headers;
}
