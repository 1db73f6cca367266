/** Runs a command in the guest of an instance, which is woken for it. */
import { UnikernelError } from "../../../base/errors";
import { withTimeout } from "../../../base/timeout";
import { ApiItemError } from "../../errors";
import type { Log } from "../../log";
import type { Registry } from "../../registry";
import type { GuestCommand } from "../../vmm/vmm";
import type { Instance } from "../instance";

/** How long an instance may take to wake: one whose memory was not kept boots. */
const WAKE_TIMEOUT_MS = 120_000;

/**
 * Runs a command. The instance stays awake until the command has ended. Resolves with its exit code.
 *
 * Throws what `Vm.run` throws; `GUEST_STOPPED` if the instance neither runs nor sleeps; `WAIT_TIMEOUT` if it does not wake; and what a
 * start throws.
 */
export async function runCommand(registry: Registry, instance: Instance, command: GuestCommand): Promise<number> {
  const release = instance.keepAwake();
  try {
    await wake(registry, instance, command.signal);
    return await instance.runCommand(command);
  } finally {
    release();
  }
}

/** Resolves when the instance runs. */
async function wake(registry: Registry, instance: Instance, signal: AbortSignal): Promise<void> {
  await withTimeout(WAKE_TIMEOUT_MS, signal, async (limited) => {
    if (instance.state === "standby") await instance.request("wake");
    await registry.changes.waitUntil(() => !isChanging(registry, instance), limited);
    if (instance.state === "standby" && !limited.aborted) await instance.request("wake"); // it was on its way to sleep
    await registry.changes.waitUntil(() => instance.state === "running" || isDown(registry, instance), limited);
  });
  signal.throwIfAborted();
  if (instance.state === "running") return;
  const { name } = instance.record;
  if (isDown(registry, instance))
    throw new UnikernelError("GUEST_STOPPED", `Instance '${name}' is ${instance.state} and runs no command.`, {
      hint: `Start it with 'npx unikernel local start ${name}'.`,
    });
  throw new UnikernelError("WAIT_TIMEOUT", `Instance '${name}' did not wake within ${WAKE_TIMEOUT_MS / 1000} s.`, {
    hint: "Read its log.",
  });
}

const isGone = (registry: Registry, instance: Instance): boolean =>
  registry.instances.get(instance.record.uuid) !== instance;

/** It starts, or goes to sleep. */
const isChanging = (registry: Registry, instance: Instance): boolean =>
  !isGone(registry, instance) && (instance.state === "starting" || isFallingAsleep(instance));

const isFallingAsleep = ({ state, record }: Instance): boolean =>
  state === "stopping" && record.status.stopAskedBy === "scale-to-zero";

/** It does not run, and will not by itself. */
const isDown = (registry: Registry, instance: Instance): boolean =>
  isGone(registry, instance) ||
  (instance.state !== "running" && instance.state !== "standby" && !isChanging(registry, instance));

/** The failure as an error with a code; one that nobody expected is logged and reported as an internal one. */
export function toCommandError(failure: unknown, log: Log): UnikernelError {
  if (UnikernelError.is(failure)) return failure;
  if (failure instanceof ApiItemError) return new UnikernelError("STATE_CONFLICT", `${failure.message}.`);
  log.write("bug", { reason: failure instanceof Error ? (failure.stack ?? failure.message) : String(failure) });
  return new UnikernelError("BUG", "The command failed because of an internal error.", { hint: "Read daemon.log." });
}
