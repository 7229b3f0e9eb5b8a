const lines = 30;
const width = 300;
/** A line that wrangler writes for each request that went well. */
const routine = /^\[wrangler:info\] [A-Z]+ \S+ [1-4]\d\d /;

/** The end of what a system wrote, which is what a failure is explained with. */
export function ending(output: string): string {
  const told = output.split("\n").filter((line) => line.trim() !== "" && !routine.test(line));
  return told
    .slice(-lines)
    .map((line) => line.slice(0, width))
    .join("\n");
}
