/** The stored shape of an autoscale configuration, which is part of its service group. */
import * as z from "zod";

/** A range of the metric, and by how much the size changes within it. */
const step = z.object({ adjustment: z.number(), lowerBound: z.number().optional(), upperBound: z.number().optional() });

const policyBase = { name: z.string(), enabled: z.boolean() };

const policy = z.discriminatedUnion("type", [
  z.object({
    ...policyBase,
    type: z.literal("step"),
    metric: z.enum(["cpu", "inflight_reqs", "reqs_per_sec"]),
    adjustmentType: z.enum(["change", "exact", "percent"]),
    /** In ascending order; each starts where the previous one ends. */
    steps: z.array(step),
  }),
  z.object({ ...policyBase, type: z.literal("on-demand") }),
  z.object({ ...policyBase, type: z.literal("idle"), idleTimeMs: z.int() }),
]);

/** The autoscale options of a service group. */
export const autoscaleConfiguration = z.object({
  /** Limits of the number of instances. */
  minSize: z.int(),
  maxSize: z.int(),
  warmupTimeMs: z.int(),
  cooldownTimeMs: z.int(),
  /** Template that new instances are created from. */
  templateUuid: z.string(),
  policies: z.array(policy),
});

/** See {@link autoscaleConfiguration}. */
export type AutoscaleConfiguration = z.infer<typeof autoscaleConfiguration>;
/** A policy: when the size changes, and by how much. */
export type ScalePolicy = AutoscaleConfiguration["policies"][number];
/** A policy that follows a metric. */
export type StepPolicy = Extract<ScalePolicy, { type: "step" }>;
/** The change of size for one range of the metric; a missing bound is infinite. */
export type ScaleStep = StepPolicy["steps"][number];
