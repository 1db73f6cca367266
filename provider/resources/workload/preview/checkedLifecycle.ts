/** Adds what a preview can say about the kernel of a workload's image on metro `local`: what it refuses, and how it sleeps. */
import { isDeepStrictEqual } from "node:util";
import type * as z from "zod";
import type { InputFindings, Lifecycle } from "../../../definition/resource";
import { containsUnknown, isUnknown } from "../../../definition/unknowns";
import { encodePullCredentials } from "../../common/registryCredentials";
import type { ProviderContext } from "../../context";
import type { PartialWorkload } from "../labels/imageDefaults";
import { kernelFailures } from "./kernelFailures";
import { sharedVolumeFailures } from "./sharedVolumes";
import { describeSleepInMemory } from "./sleepNotice";

const NO_FINDINGS: InputFindings = { information: [], warnings: [] };

/** What the findings depend on. */
const READ_INPUTS = [
  "image",
  "memoryMb",
  "args",
  "env",
  "volumes",
  "ephemeralVolumes",
  "roms",
  "networkInterfaces",
  "scaleToZero",
  "schedules",
] as const;

const isUnchanged = (olds: PartialWorkload | undefined, news: PartialWorkload): boolean =>
  olds !== undefined && READ_INPUTS.every((name) => isDeepStrictEqual(olds[name], news[name]));

/**
 * What the kernel of the workload's image makes of new or changed inputs. Says nothing of an image that is not built yet, or that cannot be
 * read: the platform reports that at the boot.
 *
 * @param olds the workload in state; `undefined` for a new resource
 * @param prefix path of the workload inputs, such as `template.`
 */
export async function inspectKernel(
  context: Pick<ProviderContext, "metro" | "readGuestImage" | "client" | "reader">,
  olds: PartialWorkload | undefined,
  news: PartialWorkload | undefined,
  prefix: "" | "template.",
): Promise<InputFindings> {
  const { metro, readGuestImage } = context;
  if (metro !== "local" || news === undefined || isUnchanged(olds, news)) return NO_FINDINGS;
  const { image, imagePull } = news;
  const login = imagePull?.credentials;
  if (image === undefined || isUnknown(image) || containsUnknown(login)) return NO_FINDINGS;
  const credentials = login === undefined ? undefined : encodePullCredentials(login);
  const found = await readGuestImage(image, credentials).catch(() => undefined);
  if (found === undefined) return NO_FINDINGS;
  const kind = found.kernel?.kind;
  const failures = [
    ...kernelFailures(news, found, prefix),
    ...(await sharedVolumeFailures(context, news, kind, prefix)),
  ];
  const told = olds?.image === image ? describeSleepInMemory(kind, olds, prefix) : [];
  const sleep = describeSleepInMemory(kind, news, prefix).filter((one) => !told.includes(one));
  return { information: sleep, warnings: [], ...(failures.length === 0 ? {} : { failures }) };
}

/** The lifecycle, with these findings among those of `inspectInputs`. */
export function withKernelChecks<I extends z.ZodObject, O extends z.ZodObject>(
  { prefix, workloadOf }: WorkloadPlace<z.output<I>>,
  lifecycle: Lifecycle<I, O, ProviderContext>,
): Lifecycle<I, O, ProviderContext> {
  return {
    ...lifecycle,
    async inspectInputs(context, olds, news) {
      const own = (await lifecycle.inspectInputs?.(context, olds, news)) ?? NO_FINDINGS;
      const kernel = await inspectKernel(context, olds && workloadOf(olds), workloadOf(news), prefix);
      const failures = [...(own.failures ?? []), ...(kernel.failures ?? [])];
      return {
        information: [...kernel.information, ...own.information],
        warnings: [...kernel.warnings, ...own.warnings],
        ...(failures.length === 0 ? {} : { failures }),
      };
    },
  };
}

/** Where a kind has its workload. */
interface WorkloadPlace<Inputs> {
  /** Path of the workload inputs. */
  readonly prefix: "" | "template.";
  /** The workload; `undefined` if there is none. */
  readonly workloadOf: (inputs: Inputs) => PartialWorkload | undefined;
}
