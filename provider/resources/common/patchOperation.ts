/** Changes in place, planned before the first one is sent. Pure. */
import type { PatchOperation } from "../../contract/models";
import { UnikernelError } from "../../base/errors";

/** A PATCH of one property as it is planned. `clear` leaves the property without a value; `clearing.ts` decides how that is written. */
export interface PlannedOperation<Prop extends string> {
  readonly prop: Prop;
  readonly op: PatchOperation<Prop>["op"] | "clear";
  readonly value?: unknown;
}

/** A PATCH of one property, with its description for the preview. */
export interface PlannedPatch<Prop extends string> extends PlannedOperation<Prop> {
  /** What it does, in words that follow "will": `grow it from 64 to 128 MiB`. */
  readonly description: string;
}

/** The operation alone, without the fields that a plan adds. Throws `BUG` for a clear. */
export function toPatchOperation<Prop extends string>({
  prop,
  op,
  value,
}: PlannedOperation<Prop>): PatchOperation<Prop> {
  if (op === "clear") throw new UnikernelError("BUG", `'${prop}' is to be cleared, which sendPatches does.`);
  return { prop, op, ...(value === undefined ? {} : { value }) };
}

/** What steps do, in words that follow "will". */
export const describeSteps = (steps: readonly { readonly description: string }[]): readonly string[] =>
  steps.map(({ description }) => description);
