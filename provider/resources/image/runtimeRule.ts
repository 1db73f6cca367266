/** Which runtimes a metro boots. Pure. */
import { type MetroIdentity, similarMetro } from "../../base/config/metroConfig";
import { isLoopbackUrl } from "../../base/hostNames";
import type { CheckFailure } from "../../definition/resource";
import { isStandInRuntime } from "../../image/runtimeImage";

/**
 * What is wrong with the runtime of an image that is made in a metro: the stand-in guest is built for QEMU, and a cloud metro boots
 * `kraftcloud` kernels. A URL on the loopback interface is a local platform.
 */
export function runtimeFailures(runtime: string, { metro }: MetroIdentity): readonly CheckFailure[] {
  if (metro === "local" || isLoopbackUrl(metro) || !isStandInRuntime(runtime)) return [];
  const similar = similarMetro(metro);
  const start = similar === undefined ? "" : `Did you mean the metro '${similar}'? `;
  return [
    {
      code: "NOT_SUPPORTED",
      property: "context",
      reason: `${start}The Kraftfile's runtime '${runtime}' is the stand-in guest of the local platform; metro '${metro}' does not boot it. Use a runtime for the platform kraftcloud/x86_64, such as 'base-compat:latest'.`,
    },
  ];
}
