/** Variables by name, as an environment or a `.env` gives them. */
export type VariableLayer = Readonly<Record<string, string | undefined>>;

/** What a layer says of a variable; without a value where that could not be read. */
export interface Given {
  value: string | undefined;
  /** A sentence without its full stop. */
  fault?: string;
}

/**
 * A variable, given by `NAME` itself or, as container secrets do, by `NAME_FILE`: the path of a file that holds the
 * value, whose text `readFile` returns. Undefined where the layer says nothing of it. `where` is what the layer is called.
 */
export function readVariable(
  layer: VariableLayer,
  name: string,
  where: string,
  readFile: (path: string) => string,
): Given | undefined {
  const value = layer[name];
  const path = layer[`${name}_FILE`];
  if (path === undefined) return value === undefined ? undefined : { value };
  if (value !== undefined) return { value, fault: `${name} and ${name}_FILE are both set in ${where}; keep one` };
  try {
    // Editors and `echo` end a file with a newline that is no part of the secret.
    return { value: readFile(path).replace(/\r?\n$/, "") };
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    return { value: undefined, fault: `${name}_FILE names ${path}, which cannot be read (${reason})` };
  }
}
