/** sysexits.h EX_CONFIG: what a process exits with when its configuration, and nothing else, is at fault. */
export const configurationExitCode = 78;

/** Everything that is wrong with the configuration, each fault a sentence that names its file or variable. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    const count = faults.length === 1 ? "a fault" : `${faults.length} faults`;
    super(`The configuration has ${count}:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
    this.faults = faults;
  }
}
