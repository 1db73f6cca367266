/** Limits of single values: how large one instance, volume or autoscale group may be. Pure. */
import { ApiItemError } from "../errors";
import type { Quotas } from "./quotaSettings";

/** Throws `Invalid` when a value is outside the platform's limits for it. */
export function assertWithinLimits(
  limits: Quotas["limits"],
  limit: "memory_mb" | "vcpus" | "volume_mb" | "autoscale_size",
  value: number,
  field: string = limit,
): void {
  assertInRange(field, value, limits[`min_${limit}`], limits[`max_${limit}`]);
}

/** Throws `Invalid` when a value is outside its range; both ends belong to it. */
export function assertInRange(field: string, value: number, min: number, max: number): void {
  if (value < min || value > max)
    throw new ApiItemError("Invalid", `'${field}' must be between ${min} and ${max}; it is ${value}`);
}
