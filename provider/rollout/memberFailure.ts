/** Why a new member failed, as an error. */
import type { InstanceItem } from "../contract/models";
import { UnikernelError } from "../base/errors";
import { guestStoppedError } from "../client/waitForInstance";
import type { AssessedMember } from "./assess";
import { readinessOf } from "./readiness";
import type { Rollout } from "./rolloutRequest";

/**
 * The error of a failed member. Its console is reported first, since it is deleted with it.
 *
 * `GUEST_STOPPED`: it stopped. `OPERATION_FAILED`: it did not pass its gate. `WAIT_TIMEOUT`: it was not ready in time.
 */
export async function memberFailure(
  rollout: Rollout,
  instances: readonly InstanceItem[],
  assessed: readonly AssessedMember[],
  uuid: string,
): Promise<UnikernelError> {
  const instance = instances.find((one) => one.uuid === uuid);
  const reason = assessed.find((one) => one.uuid === uuid)?.reason ?? "";
  if (instance === undefined) return new UnikernelError("OPERATION_FAILED", "A new instance is down.");
  const readiness = readinessOf(rollout.policy)(instance);
  const consolePlace = await rollout.reportConsole?.(instance);
  if (readiness.outcome === "failed" && instance.state !== "running")
    return guestStoppedError(
      instance,
      readiness.reason,
      rollout.client.metro,
      consolePlace ?? "Its console log was removed with it.",
    );
  if (readiness.outcome === "failed")
    return new UnikernelError("OPERATION_FAILED", `Instance '${instance.name}' did not pass its gate: ${reason}.`, {
      hint: consolePlace ?? "Check the path and the conditions of 'rollout.gate'.",
    });
  const { healthyWithinMs, stableForMs } = rollout.policy;
  return new UnikernelError(
    "WAIT_TIMEOUT",
    `Instance '${instance.name}' was not ready within ${healthyWithinMs / 1000} s: ${reason}.`,
    {
      hint: `It must become ready within 'rollout.healthyWithinMs', or within the time limit of one operation ('unikernel:timeouts', 'customTimeouts') if that is shorter, and then stay ready for 'rollout.stableForMs' (${stableForMs / 1000} s).${consolePlace === undefined ? "" : ` ${consolePlace}`}`,
    },
  );
}
