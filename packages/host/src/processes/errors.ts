/** The processes cannot be started; the message is a sentence that says why. */
export class ProcessesError extends Error {
  override readonly name = "ProcessesError";
}
