/**
 * Adds the defaults from the labels of images to the lifecycle of a kind with a workload. The lifecycle itself sees the inputs with their
 * defaults; the state keeps the inputs of the program, and the defaults as an output.
 *
 * Labels are read when an object is created and when its image changes; in between, those in the state count.
 */
import { isDeepStrictEqual } from "node:util";
import type * as z from "zod";
import { ResourceInitFailedError } from "../../../definition/initFailed";
import type { InputFindings, Lifecycle, Properties } from "../../../definition/resource";
import { containsUnknown, isUnknown, withoutUnknowns } from "../../../definition/unknowns";
import { describeLabelConflicts, describeLabelDefaults } from "../../../image/kraftfile/instanceLabels";
import type { ProviderContext } from "../../context";
import { describeMissingImage } from "../preview/missingImage";
import { type PartialWorkload, describeLateNotice, withImageDefaults, withoutImageDefaults } from "./imageDefaults";
import { type ImageDefaults, imageDefaultsIn } from "./imageDefaultsOutput";
import { createDefaultsReader } from "./readImageDefaults";

/** Where a kind has its workload. */
export interface WorkloadHolder<Inputs> {
  /** Such as `Instance`. */
  readonly kind: string;
  /** Path of the workload inputs. */
  readonly prefix: "" | "template.";
  /** The workload; `undefined` if there is none, or if its defaults cannot apply. */
  readonly workloadOf: (inputs: Inputs) => PartialWorkload | undefined;
  readonly withScaleToZero: (inputs: Inputs, scaleToZero: PartialWorkload["scaleToZero"]) => Inputs;
}

const NO_FINDINGS: InputFindings = { information: [], warnings: [] };

/** The lifecycle, with defaults from labels. */
export function withLabels<I extends z.ZodObject, O extends z.ZodObject>(
  { kind, prefix, workloadOf, withScaleToZero }: WorkloadHolder<z.output<I>>,
  lifecycle: Lifecycle<I, O, ProviderContext>,
): Lifecycle<I, O, ProviderContext> {
  type Inputs = z.output<I>;
  type Outputs = z.output<O>;
  const reader = createDefaultsReader(prefix);
  const imageOf = (inputs: Inputs): string | undefined => workloadOf(inputs)?.image;

  function expand(inputs: Inputs, defaults: ImageDefaults | undefined): Inputs {
    const workload = workloadOf(inputs);
    const expanded = workload && withImageDefaults(workload, defaults);
    return expanded === undefined || expanded === workload ? inputs : withScaleToZero(inputs, expanded.scaleToZero);
  }

  function contract(observed: Inputs, requested: readonly Inputs[], defaults: ImageDefaults | undefined): Inputs {
    const workload = workloadOf(observed);
    if (workload === undefined) return observed;
    const candidates = requested.flatMap((one) => workloadOf(one) ?? []);
    const contracted = withoutImageDefaults(workload, candidates, defaults);
    return contracted === workload ? observed : withScaleToZero(observed, contracted.scaleToZero);
  }

  const withDefaults = (outputs: Outputs, imageDefaults: ImageDefaults | undefined): Outputs =>
    imageDefaults === undefined ? outputs : { ...outputs, imageDefaults };

  const readDefaults = (context: ProviderContext, inputs: Inputs): Promise<ImageDefaults | undefined> =>
    reader.read(context, `${kind} '${String(inputs["name"])}'`, workloadOf(inputs));

  /** What a failed operation leaves in the state. `defaults` returns those of the image that the object has. */
  function contractFailure(
    error: unknown,
    requested: readonly Inputs[],
    defaults: (now: Inputs) => ImageDefaults | undefined,
  ): unknown {
    if (!(error instanceof ResourceInitFailedError)) return error;
    const now = error.outputs as Inputs;
    const imageDefaults = defaults(now);
    return new ResourceInitFailedError(
      error.id,
      { ...contract(now, requested, imageDefaults), imageDefaults } as Properties,
      error.cause,
    );
  }

  /** What the labels of a new or changed image, and of its instance, mean. */
  async function inspectLabels(
    context: ProviderContext,
    olds: Inputs | undefined,
    news: Inputs,
  ): Promise<InputFindings> {
    const workload = workloadOf(news);
    const before = olds && workloadOf(olds);
    if (
      workload === undefined ||
      (before?.image === workload.image && isDeepStrictEqual(before?.scaleToZero, workload.scaleToZero))
    )
      return NO_FINDINGS;
    const { image } = workload;
    const isChanged = image !== undefined && !isUnknown(image) && image !== before?.image;
    const missing = isChanged
      ? await describeMissingImage(context, image, `${prefix}image`).catch(() => undefined)
      : undefined;
    if (missing !== undefined) return { information: [], warnings: [missing] };
    const found = await reader.preview(context, workload).catch(() => undefined);
    if (found === undefined) return NO_FINDINGS;
    const { scaleToZero } = workload;
    const given = isUnknown(scaleToZero) ? {} : withoutUnknowns(scaleToZero ?? {});
    const taken = isUnknown(scaleToZero) ? [] : describeLabelDefaults(found.defaults?.scaleToZero, scaleToZero, prefix);
    return {
      information: [...taken, ...describeLabelConflicts(found.defaults?.scaleToZero, given, prefix)],
      warnings: [
        ...found.problems,
        ...(containsUnknown(scaleToZero) ? [] : describeLateNotice(scaleToZero, found.defaults, prefix)),
      ],
    };
  }

  return {
    ...lifecycle,

    describeUpdate(olds, news, outputs) {
      const before = imageDefaultsIn(outputs);
      const image = imageOf(news);
      const after = image === undefined || image === imageOf(olds) ? before : reader.last(image, before);
      return lifecycle.describeUpdate?.(expand(olds, before), expand(news, after), outputs) ?? [];
    },

    async inspectInputs(context, olds, news) {
      const own = (await lifecycle.inspectInputs?.(context, olds, news)) ?? NO_FINDINGS;
      const labels = await inspectLabels(context, olds, news);
      return {
        ...own,
        information: [...labels.information, ...own.information],
        warnings: [...labels.warnings, ...own.warnings],
      };
    },

    ...(lifecycle.findAdoptable === undefined
      ? {}
      : {
          async findAdoptable(context: ProviderContext, inputs: Inputs) {
            const { defaults } = (await reader.preview(context, workloadOf(inputs)).catch(() => undefined)) ?? {};
            const found = await lifecycle.findAdoptable?.(context, expand(inputs, defaults));
            return (
              found && {
                ...found,
                inputs: contract(found.inputs, [inputs], defaults),
                outputs: withDefaults(found.outputs, defaults),
              }
            );
          },
        }),

    async create(context, inputs) {
      const defaults = await readDefaults(context, inputs);
      try {
        const { id, outputs } = await lifecycle.create(context, expand(inputs, defaults));
        return { id, outputs: withDefaults(outputs, defaults) };
      } catch (error) {
        throw contractFailure(error, [inputs], () => defaults);
      }
    },

    async read(context, id, inputs, outputs) {
      const defaults = imageDefaultsIn(outputs);
      const observed = await lifecycle.read(context, id, expand(inputs, defaults), outputs);
      return (
        observed && {
          ...observed,
          inputs: contract(observed.inputs, [inputs], defaults),
          outputs: withDefaults(observed.outputs, defaults),
        }
      );
    },

    async update(context, id, olds, news) {
      const before = imageDefaultsIn(olds.outputs);
      const after = imageOf(olds.inputs) === imageOf(news) ? before : await readDefaults(context, news);
      const expanded = { ...olds, inputs: expand(olds.inputs, before) };
      try {
        return withDefaults(await lifecycle.update(context, id, expanded, expand(news, after)), after);
      } catch (error) {
        throw contractFailure(error, [news, olds.inputs], (now) => (imageOf(now) === imageOf(news) ? after : before));
      }
    },
  };
}
