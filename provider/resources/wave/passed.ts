/** Whether the services of a wave that has passed still run what passed. */
import { UnikernelError } from "../../base/errors";
import { isLocalDaemonDown } from "../../client/localDaemon";
import { type ProviderContext, withTimeLimit } from "../context";
import type { WaveInputs } from "./inputs";
import { otherDigest } from "./members";
import { type ObservedWaveService, observeServices } from "./observe";

/** How long a look at a wave may take. */
const LOOK_TIMEOUT_MS = 30_000;

/** A wave that has passed. */
export type PassedWave = Pick<WaveInputs, "name" | "services" | "tags">;

/** Throws `STATE_CONFLICT` if a service of the wave has replicas with another tag than it says. */
export function assertTags(
  { name, tags = {} }: Pick<PassedWave, "name" | "tags">,
  observed: readonly ObservedWaveService[],
): void {
  for (const { service, replicas } of observed) {
    const digest = otherDigest(replicas, tags[service.name]);
    if (digest === undefined) continue;
    throw new UnikernelError(
      "STATE_CONFLICT",
      `Wave '${name}' was reverted: service '${service.name}' runs ${digest}, and the state does not know that yet.`,
      { hint: "Run 'pulumi up --refresh', which finishes the rollout; or revert the program first." },
    );
  }
}

/**
 * Throws `STATE_CONFLICT` if services of a wave run something else than what passed. A preview does not fail for a metro that does not
 * respond, as no other does, and does not start the local platform.
 */
export async function assertPassed(unlimited: ProviderContext, wave: PassedWave, isPreview: boolean): Promise<void> {
  const context = withTimeLimit(unlimited, LOOK_TIMEOUT_MS, `Looking at wave '${wave.name}'`);
  try {
    if (isPreview && (await isLocalDaemonDown(context.metro, context.signal))) return;
    assertTags(wave, await observeServices(context, wave.services));
  } catch (error) {
    if (isPreview && !UnikernelError.has(error, "STATE_CONFLICT")) return;
    throw error;
  }
}
