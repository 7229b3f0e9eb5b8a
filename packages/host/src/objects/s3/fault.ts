/**
 * What an S3 endpoint did that it should not have. `code` is the endpoint's own, or one of those below
 * for what it left unsaid. The caller of a bucket sees R2's internal error, with this as its cause.
 */
export class S3Fault extends Error {
  override readonly name = "S3Fault";
  readonly code: string;
  /** The status of the answer, where there was one. */
  readonly status: number | undefined;

  constructor(code: string, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status;
  }
}

const passing = new Set([429, 500, 502, 503, 504]);

/** Whether the same request may well succeed in a moment. */
export const isPassing = (error: unknown): boolean =>
  error instanceof S3Fault &&
  (error.code === "Unreachable" || error.code === "Timeout" || passing.has(error.status ?? 0));

export const malformed = (what: string): S3Fault => new S3Fault("MalformedAnswer", `The S3 endpoint answered ${what}`);
