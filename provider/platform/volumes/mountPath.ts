/** Where a volume may be inside an instance. Pure. */
import { Refusal } from "../errors";

/** An absolute path without empty parts and what a kernel's command line cannot hold. */
const PLACE = /^(\/[^/:"\\\s\p{Cc}]+)+$/u;

/** Throws a refusal `Invalid` for a place that is none. */
export function checkPlace(at: string): void {
  if (PLACE.test(at) && !at.split("/").some((part) => part === "." || part === "..")) return;
  const without = "'.', '..', colons, blanks, double quotes and backslashes";
  throw new Refusal("Invalid", `'${at}' is not a place for a volume: write an absolute path without ${without}`);
}
