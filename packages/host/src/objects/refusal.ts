/** What R2 refuses, in its words and with its codes: https://developers.cloudflare.com/r2/api/error-codes/ */
const refusals = {
  internal: [10001, "We encountered an internal error. Please try again."],
  entityTooSmall: [10011, "Your proposed upload is smaller than the minimum allowed object size."],
  metadataTooLarge: [10012, "Your metadata headers exceed the maximum allowed metadata size."],
  invalidObjectName: [10020, "The specified object name is not valid."],
  invalidMaxKeys: [10022, "MaxKeys params must be positive integer <= 1000."],
  noSuchUpload: [10024, "The specified multipart upload does not exist."],
  invalidPart: [10025, "One or more of the specified parts could not be found."],
  invalidArgument: [10029, "At least one of the arguments is not valid."],
  badDigest: [10037, "The checksum you specified did not match what we received."],
  invalidRange: [10039, "The requested range is not satisfiable"],
  badUpload: [10048, "There was a problem with the multipart upload."],
  entityTooLarge: [100100, "Your proposed upload exceeds the maximum allowed object size."],
} as const satisfies Record<string, readonly [number, string]>;

/** A refusal that is not yet about a method; `answering` says which. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: number;

  constructor(what: keyof typeof refusals, options: { sentence?: string; cause?: unknown } = {}) {
    const [code, sentence] = refusals[what];
    super(options.sentence ?? sentence, { cause: options.cause });
    this.code = code;
  }
}

/** The caller's own stream failed; what it failed with is the caller's to see as it is. */
export class SourceFailure extends Error {
  override readonly name = "SourceFailure";
  readonly reason: unknown;

  constructor(reason: unknown) {
    super("The stream to be stored failed", { cause: reason });
    this.reason = reason;
  }
}

/** Runs what `method` does and turns what goes wrong into the error that R2 would give. */
export async function answering<T>(method: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SourceFailure) throw error.reason;
    const refusal = error instanceof Refusal ? error : new Refusal("internal");
    throw new Error(`${method}: ${refusal.message} (${refusal.code})`, { cause: error });
  }
}
