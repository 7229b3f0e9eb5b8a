/** Why nothing of a request went out: whoever is asked instead does it for the first time, whatever its method. */
export class NeverSent extends Error {
  override readonly name = "NeverSent";

  constructor(cause: unknown) {
    super("No connection could be made.", { cause });
  }
}
