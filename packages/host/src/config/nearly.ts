import { distance } from "fastest-levenshtein";

/** Whether a name can be taken for a slip of another: that many letters differ at most, or two neighbours have changed places. */
export const isNearly = (name: string, other: string, letters: number): boolean =>
  distance(name, other) <= letters || areSwapped(name, other);

function areSwapped(name: string, other: string): boolean {
  const at = [...name].findIndex((letter, index) => letter !== other[index]);
  return `${name.slice(0, at)}${name[at + 1]}${name[at]}${name.slice(at + 2)}` === other;
}
