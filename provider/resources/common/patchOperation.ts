/** Changes in place, decided before the first of them is made. Pure. */
import type { PatchOperation } from "../../contract/models";

/** A PATCH of one property, with its words for the preview. */
export interface PlannedPatch<Prop extends string> extends PatchOperation<Prop> {
  /** What it does, to follow "will": `grow from 64 to 128 MiB`. */
  readonly description: string;
}

/** The operation without whatever a plan knows beside it. */
export const toPatchOperation = <Prop extends string>({
  prop,
  op,
  value,
}: PatchOperation<Prop>): PatchOperation<Prop> => ({ prop, op, ...(value === undefined ? {} : { value }) });

/** What steps do, in words that follow "will". */
export const describeSteps = (steps: readonly { readonly description: string }[]): readonly string[] =>
  steps.map(({ description }) => description);
