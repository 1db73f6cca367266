/** What the benchmarks of one VM share: the local platform and QEMU alone with the same image, and the comparison of their times. */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { localPaths } from "../../provider/base/localPaths";
import { buildImage } from "../../provider/image/build/buildImage";
import { planBuild } from "../../provider/image/build/planBuild";
import { resolveRuntime } from "../../provider/image/resolveRuntime";
import { LocalPlatform } from "../support/localPlatform";
import { type BareVm, prepareBareVm } from "./bareVm";
import { type Ratio, least } from "./ratios";

/** Both sides. */
export interface Sides {
  readonly platform: LocalPlatform;
  /** The image of examples/quickstart on the platform. */
  readonly image: string;
  /** The same in QEMU alone. */
  readonly vm: BareVm;
  /** A folder for files of the bare VM. */
  readonly folder: string;
}

/** Sets both sides up, measures, and removes them. */
export async function besideBareVm<T>(memoryMb: number, measure: (sides: Sides) => Promise<T>): Promise<T> {
  const platform = await LocalPlatform.open();
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-bench-"));
  try {
    const context = path.resolve(__dirname, "../../examples/quickstart/site");
    const plan = await planBuild({ context, name: "bench", scratch: folder });
    const { digest } = await buildImage(plan, { layout: localPaths().imagesDir, repository: "bench", resolveRuntime });
    const image = `bench@${digest}`;
    return await measure({ platform, image, vm: await prepareBareVm(image, memoryMb, folder), folder });
  } finally {
    await fs.rm(folder, { recursive: true });
    await platform.close();
  }
}

/** The middle of several measurements. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Least and median of times in milliseconds. */
export const describeTimes = (values: readonly number[]): string =>
  `min ${least(values).toFixed(0)} ms, median ${median(values).toFixed(0)} ms`;

/** Prints the least and the median times of both sides, in milliseconds, and returns their ratios. */
export function compareWithBare(
  name: string,
  times: { readonly bare: readonly number[]; readonly through: readonly number[] },
  target: number,
): readonly Ratio[] {
  const { bare, through } = times;
  console.log(`  bare QEMU        ${describeTimes(bare)}`);
  console.log(`  local platform   ${describeTimes(through)}`);
  return [
    { name: `${name}: platform/bare, median`, value: median(through) / median(bare), target },
    { name: `${name}: platform/bare, least`, value: least(through) / least(bare) },
  ];
}
