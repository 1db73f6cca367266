/** Changes in place, planned before the first one is sent. Pure. */
import type { PatchOperation } from "../../contract/models";

/** A PATCH of one property, with its description for the preview. */
export interface PlannedPatch<Prop extends string> extends PatchOperation<Prop> {
  /** What it does, in words that follow "will": `grow from 64 to 128 MiB`. */
  readonly description: string;
}

/** The operation alone, without the fields that a plan adds. */
export const toPatchOperation = <Prop extends string>({
  prop,
  op,
  value,
}: PatchOperation<Prop>): PatchOperation<Prop> => ({ prop, op, ...(value === undefined ? {} : { value }) });

/** What steps do, in words that follow "will". */
export const describeSteps = (steps: readonly { readonly description: string }[]): readonly string[] =>
  steps.map(({ description }) => description);
