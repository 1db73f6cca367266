/** Changes in place, decided before any of them is made. */

/** One PATCH of one property. */
export interface Change<Prop extends string> {
  /** What it does, for the preview: `grow from 64 to 128 MiB`. */
  readonly what: string;
  readonly prop: Prop;
  readonly op: "set" | "del";
  readonly value?: unknown;
}

/** The triple that the API is sent. */
export const toTriple = <Prop extends string>({ prop, op, value }: Change<Prop>) => ({
  prop,
  op,
  ...(value === undefined ? {} : { value }),
});

/** What steps do, in words that follow "will". */
export const inWords = (steps: readonly { readonly what: string }[]): readonly string[] =>
  steps.map(({ what }) => what);
