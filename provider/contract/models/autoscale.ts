/** Autoscale: policies that set the number of a service's instances. */
import * as z from "zod";
import { image, itemStatus, nameOrUuid, partName, withSelector } from "./common";
import { inlineFile } from "./instanceParts";

const step = z.strictObject({
  adjustment: z.number(),
  lower_bound: z.number().optional(),
  upper_bound: z.number().optional(),
});

const readStep = z.looseObject({
  adjustment: z.number(),
  lower_bound: z.number().optional(),
  upper_bound: z.number().optional(),
});

/**
 * An autoscale policy, flat as in the newest documentation. The server checks which fields a type allows.
 * `type`: `step` scales by a metric, `on-demand` adds an instance per demand, `create` adds one after `num_requests` requests,
 * `idle` removes idle instances.
 */
export const autoscalePolicy = z.strictObject({
  name: partName(255),
  type: z.enum(["step", "on-demand", "on_demand", "create", "idle"]).optional(),
  enabled: z.boolean().optional(),
  /** `cpu` in millicores. */
  metric: z.enum(["cpu", "inflight_reqs", "reqs_per_sec"]).optional(),
  adjustment_type: z.enum(["change", "exact", "percent", "percentage", "absolute"]).optional(),
  /** Sorted, without gap or overlap. */
  steps: z.array(step).max(4).optional(),
  high_watermark: z.number().min(0).max(1).optional(),
  exclusive: z.boolean().optional(),
  num_requests: z.int().min(0).optional(),
  replace: z.boolean().optional(),
  idle_time_ms: z.int().min(0).optional(),
});
/** One {@link autoscalePolicy}. */
export type AutoscalePolicy = z.infer<typeof autoscalePolicy>;

const createArgs = z.strictObject({
  template: nameOrUuid.optional(),
  roms: z
    .strictObject({ name: z.string().min(1), image: image.optional(), files: z.array(inlineFile).max(16).optional() })
    .optional(),
});

const configuration = {
  min_size: z.int().min(0).optional(),
  max_size: z.int().min(1).optional(),
  warmup_time_ms: z.int().min(1).optional(),
  cooldown_time_ms: z.int().min(1).optional(),
  create_args: createArgs.optional(),
  /** As in the newest documentation; more releases support `create_args.template`. */
  template: nameOrUuid.optional(),
  policies: z.array(autoscalePolicy).max(8).optional(),
};

/** Body of `POST /v1/services/autoscale`. Times in milliseconds. */
export const createAutoscaleRequest = withSelector(configuration);
/** One {@link createAutoscaleRequest}. */
export type CreateAutoscaleRequest = z.infer<typeof createAutoscaleRequest>;

/** Autoscale configuration of a service. `status` is `unconfigured` if there is none; sizes and times are present only if it is enabled. */
export const autoscaleItem = z.looseObject({
  ...itemStatus,
  status: z.enum(["success", "error", "partial_success", "unconfigured"]).optional(),
  uuid: z.string(),
  name: z.string(),
  enabled: z.boolean().optional(),
  min_size: z.int().optional(),
  max_size: z.int().optional(),
  warmup_time_ms: z.int().optional(),
  cooldown_time_ms: z.int().optional(),
  template: z.looseObject({ uuid: z.string(), name: z.string() }).nullish(),
  policies: z
    .array(
      z.looseObject({
        name: z.string(),
        type: z.string().optional(),
        enabled: z.boolean().optional(),
        metric: z.string().optional(),
        adjustment_type: z.string().optional(),
        steps: z.array(readStep).nullish(),
        high_watermark: z.number().optional(),
        exclusive: z.boolean().optional(),
        num_requests: z.int().optional(),
        replace: z.boolean().optional(),
        idle_time_ms: z.int().optional(),
      }),
    )
    .nullish(),
});
/** One item of {@link autoscaleItem}. */
export type AutoscaleItem = z.infer<typeof autoscaleItem>;

/** Body that adds a policy: flat, or nested under `type` as in the JavaScript SDK. */
export const createPolicyRequest = z.union([
  autoscalePolicy,
  z.strictObject({ name: z.string().min(1), type: autoscalePolicy }),
]);
/** A policy, flat or nested under `policy`. A deletion reports only its name. `uuid` is the service's. */
export const policyItem = z.looseObject({
  ...itemStatus,
  uuid: z.string().optional(),
  name: z.string().optional(),
  policy: z
    .looseObject({
      name: z.string(),
      enabled: z.boolean().optional(),
      metric: z.string().optional(),
      adjustment_type: z.string().optional(),
      steps: z.array(readStep).optional(),
    })
    .optional(),
});
