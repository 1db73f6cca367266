/** Who holds the lock of a rollout, and what that means for another one. */
import { UnikernelError } from "../../base/errors";
import { processStartTime } from "../../base/processIdentity";
import type { ServiceItem } from "../../contract/models";
import { type RolloutLockHolder, hashProcess, lockHolder } from "../../contract/rolloutLock";

/** A service that is rolled out. */
export interface ServiceReference {
  readonly uuid: string;
  readonly name: string;
}

/** The holder that a lock names; `undefined` for a group that only has the name of a lock. */
export const holderOf = ({ domains }: Pick<ServiceItem, "domains">): RolloutLockHolder | undefined =>
  lockHolder(domains?.[0]?.fqdn ?? "");

/** True if the process of this holder runs on this machine. */
export async function runsHere({ pid, processHash }: RolloutLockHolder, { uuid }: ServiceReference): Promise<boolean> {
  const startTime = await processStartTime(pid);
  return startTime !== undefined && hashProcess(startTime, uuid) === processHash;
}

/** `stack 'shop-prod', process 4711 on this machine, since 2026-01-31T12:00:00Z`. */
export async function describeHolder(lock: ServiceItem | undefined, service: ServiceReference): Promise<string> {
  const holder = lock && holderOf(lock);
  const since = lock?.created_at === undefined ? "" : `, since ${lock.created_at}`;
  if (holder === undefined) return `an unknown process${since}`;
  const { stackName, pid } = holder;
  const place = (await runsHere(holder, service)) ? " on this machine" : ", which does not run on this machine";
  const stack = stackName === "" ? "" : `stack '${stackName}', `;
  return `${stack}process ${pid}${place}${since}`;
}

/** The error of a rollout that finds the lock taken. */
export async function lockedError(
  service: ServiceReference,
  lock: ServiceItem | undefined,
  metro: string,
): Promise<UnikernelError> {
  return new UnikernelError(
    "ROLLOUT_LOCKED",
    `Service '${service.name}' is being rolled out by ${await describeHolder(lock, service)}.`,
    {
      hint: `Wait until that rollout has ended, then run 'pulumi up' again. To end it after its current step, or if nothing runs there any more, run 'npx unikernel roll stop ${service.name} --metro ${metro}'.`,
      details: { metro, ...(lock === undefined ? {} : { resource: lock.uuid }) },
    },
  );
}

const RESUME_HINT = "Run 'pulumi up' to finish the rollout; to undo it, revert the program first.";

/** The error of a rollout whose lock is gone, or is another one by now. */
export async function lostLockError(service: ServiceReference, lock: ServiceItem | undefined): Promise<UnikernelError> {
  const reason =
    lock === undefined
      ? "its lock was removed, as 'unikernel roll stop' does"
      : `it is rolled out by ${await describeHolder(lock, service)} now`;
  return new UnikernelError("ROLLOUT_STOPPED", `The rollout of service '${service.name}' was stopped: ${reason}.`, {
    hint: RESUME_HINT,
  });
}

/** The error of a rollout that ends because the user asked for it. */
export const cancelledRolloutError = ({ name }: ServiceReference): UnikernelError =>
  new UnikernelError("ROLLOUT_STOPPED", `The rollout of service '${name}' was cancelled before its next step.`, {
    hint: RESUME_HINT,
  });
