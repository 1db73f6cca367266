/**
 * Reads values of a stack for a picture that anybody may see. Pure.
 *
 * A secret is an object with Pulumi's signature, also where a text, a number or a list is expected: so it is read as absent.
 */
import { SIGNATURE_KEY } from "../ci/previewDigest";

/** Members by name. */
export type Members = Readonly<Record<string, unknown>>;

/** The text; `undefined` for anything else, and for an empty one. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** The number; `undefined` for anything else. Pulumi's mocks and the engine pass numbers as such. */
export const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/** The elements of a list; none for anything else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The members of an object; none for anything else, such as a secret or an asset. */
export function membersOf(value: unknown): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value) || SIGNATURE_KEY in value) return {};
  return value as Members;
}

/** The objects of a list. */
export const objectsOf = (value: unknown): readonly Members[] => listOf(value).map(membersOf);
