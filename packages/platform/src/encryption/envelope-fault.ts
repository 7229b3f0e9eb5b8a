/** Why an encrypted message is not believed, for logs and counts; the sender is told less. */
export type EnvelopeFaultReason = "malformed" | "unknown_key" | "tampered" | "misdirected" | "expired" | "early";

export class EnvelopeFault extends Error {
  override readonly name = "EnvelopeFault";
  readonly reason: EnvelopeFaultReason;

  constructor(reason: EnvelopeFaultReason) {
    super(sentences[reason]);
    this.reason = reason;
  }
}

const sentences: Record<EnvelopeFaultReason, string> = {
  malformed: "The message is no compact JWE of the expected kind.",
  unknown_key: "The message is encrypted under a key that is not in the ring.",
  tampered: "The message does not decrypt.",
  misdirected: "The message was made for something else.",
  expired: "The message is older than its lifetime.",
  early: "The message was made in the future.",
};
