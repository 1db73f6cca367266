/** How an autoscale configuration is kept with its service group. */
import * as z from "zod";

const step = z.object({ adjustment: z.number(), lowerBound: z.number().optional(), upperBound: z.number().optional() });

const policyBase = { name: z.string(), enabled: z.boolean() };

const policy = z.discriminatedUnion("type", [
  z.object({
    ...policyBase,
    type: z.literal("step"),
    metric: z.enum(["cpu", "inflight_reqs", "reqs_per_sec"]),
    adjustmentType: z.enum(["change", "exact", "percent"]),
    /** In ascending order, each beginning where the one before ends. */
    steps: z.array(step),
  }),
  z.object({ ...policyBase, type: z.literal("on-demand") }),
  z.object({ ...policyBase, type: z.literal("idle"), idleTimeMs: z.int() }),
]);

/** The part of a service group's options that is about autoscale. */
export const autoscaleConfiguration = z.object({
  minSize: z.int(),
  maxSize: z.int(),
  warmupTimeMs: z.int(),
  cooldownTimeMs: z.int(),
  templateUuid: z.string(),
  policies: z.array(policy),
});

/** How many instances of which template a service group gets. */
export type AutoscaleConfiguration = z.infer<typeof autoscaleConfiguration>;
/** One rule of how many. */
export type ScalePolicy = AutoscaleConfiguration["policies"][number];
/** A rule by a measured value. */
export type StepPolicy = Extract<ScalePolicy, { type: "step" }>;
/** What a range of the measured value makes of the size; a bound that is missing is infinite. */
export type ScaleStep = StepPolicy["steps"][number];
