/** One row of the table of Kraftfile forms. */
import type { Kraftfile } from "../../../../../provider/image/kraftfile/model";

/** A form, what the vendor's tools do with it, and what is expected here. */
export interface Form {
  readonly form: string;
  /** The behaviour of the tool that the expectation rests on: KraftKit (`kraft`), unikraft (the CLI and its library), or its docs. */
  readonly tool: string;
  readonly text: string;
  /** Parts of the result, without positions; `undefined` for a part that must be absent. */
  readonly gives?: { readonly [Key in keyof Kraftfile]?: unknown };
  /** The message of the problem that rejects it. */
  readonly rejects?: RegExp;
  /** A warning that must come; without it, none may come. */
  readonly warns?: RegExp;
}

/** The first lines of a file of version 0.7, and of version 0.6. */
export const V7 = "spec: v0.7\nruntime: base-compat:latest\n";
export const V6 = "spec: v0.6\nruntime: base:latest\n";
