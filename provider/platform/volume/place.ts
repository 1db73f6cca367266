/** Where a volume may be inside an instance. Pure. */
import { Refusal } from "../refusal";

/** An absolute path without `:`, control characters and empty parts. */
const PLACE = /^(\/[^/:\x00-\x1f\x7f]+)+$/;

/** Throws a refusal `Invalid` for a place that is none. */
export function checkPlace(at: string): void {
  if (PLACE.test(at) && !at.split("/").some((part) => part === "." || part === "..")) return;
  throw new Refusal("Invalid", `'${at}' is not a place for a volume: write an absolute path without '.', '..' and ':'`);
}
