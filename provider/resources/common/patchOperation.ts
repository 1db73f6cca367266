/** Changes in place, decided before any of them is made. */

/** One PATCH of one property. */
export interface PlannedPatch<Prop extends string> {
  /** What it does, for the preview: `grow from 64 to 128 MiB`. */
  readonly what: string;
  readonly prop: Prop;
  readonly op: "set" | "del";
  readonly value?: unknown;
}

/** The triple that the API is sent. */
export const toPatchOperation = <Prop extends string>({ prop, op, value }: PlannedPatch<Prop>) => ({
  prop,
  op,
  ...(value === undefined ? {} : { value }),
});

/** What steps do, in words that follow "will". */
export const describeSteps = (steps: readonly { readonly what: string }[]): readonly string[] =>
  steps.map(({ what }) => what);
