/** Whether the services of a wave that has passed still run what passed. */
import { UnikernelError } from "../../base/errors";
import { isLocalDaemonDown } from "../../client/localDaemon";
import { type ProviderContext, withTimeLimit } from "../context";
import type { WaveInputs } from "./inputs";
import { otherDigest } from "./members";
import { observeServices } from "./observe";

/** How long a look at a wave may take. */
const LOOK_TIMEOUT_MS = 30_000;

/** The error of a wave whose services run something else. */
export const revertedError = (wave: string, service: string, digest: string): UnikernelError =>
  new UnikernelError(
    "STATE_CONFLICT",
    `Wave '${wave}' was reverted: service '${service}' runs ${digest}, and the state does not know that yet.`,
    { hint: "Run 'pulumi up --refresh', which finishes the rollout; or revert the program first." },
  );

/** A wave that has passed. */
export type PassedWave = Pick<WaveInputs, "name" | "services" | "tags">;

/**
 * Throws `STATE_CONFLICT` if services of a wave run something else than what passed. A preview does not fail for a metro that does not
 * respond, as no other does, and does not start the local platform.
 */
export async function assertPassed(
  unlimited: ProviderContext,
  { name, services, tags = {} }: PassedWave,
  isPreview: boolean,
): Promise<void> {
  const context = withTimeLimit(unlimited, LOOK_TIMEOUT_MS, `Looking at wave '${name}'`);
  try {
    if (isPreview && (await isLocalDaemonDown(context.metro, context.signal))) return;
    for (const { service, replicas } of await observeServices(context, services)) {
      const digest = otherDigest(replicas, tags[service.name]);
      if (digest !== undefined) throw revertedError(name, service.name, digest);
    }
  } catch (error) {
    if (isPreview && !UnikernelError.has(error, "STATE_CONFLICT")) return;
    throw error;
  }
}
