/** What the plot says about the samples of a group. Pure. */

/** Five values of a sample, in its unit. */
export interface Summary {
  readonly min: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  readonly max: number;
}

/** Throws for an empty sample. Quantiles are interpolated between neighbours, as NumPy and R do by default. */
export function summarise(sample: readonly number[]): Summary {
  if (sample.length === 0) throw new Error("There is nothing to summarise.");
  const sorted = [...sample].sort((a, b) => a - b);
  const quantile = (share: number): number => {
    const at = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(at)] ?? NaN, sorted[Math.ceil(at)] ?? NaN];
    return below + (above - below) * (at - Math.floor(at));
  };
  return {
    min: quantile(0),
    lowerQuartile: quantile(0.25),
    median: quantile(0.5),
    upperQuartile: quantile(0.75),
    max: quantile(1),
  };
}
