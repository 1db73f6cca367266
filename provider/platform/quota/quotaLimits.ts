/** Limits of single values, such as the size of an instance, a volume or an autoscale group. Pure. */
import { ApiItemError } from "../errors";
import type { Quotas } from "./quotaSettings";

/** Throws `Invalid` if a value is outside the platform's limits for it. */
export function assertWithinLimits(
  limits: Quotas["limits"],
  limit: "memory_mb" | "vcpus" | "volume_mb" | "autoscale_size",
  value: number,
  field: string = limit,
): void {
  assertInRange(field, value, limits[`min_${limit}`], limits[`max_${limit}`]);
}

/** Throws `Invalid` if a value is not between `min` and `max`, inclusive. */
export function assertInRange(field: string, value: number, min: number, max: number): void {
  if (value < min || value > max)
    throw new ApiItemError("Invalid", `'${field}' must be between ${min} and ${max}; it is ${value}`);
}
