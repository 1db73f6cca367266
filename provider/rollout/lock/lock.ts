/**
 * One rollout of a service at a time, across machines: the lock is a service group whose name derives from the service (see
 * `contract/rolloutLock`). Reading it before each change tells a holder that its lock was broken. A metro knows no fencing, so a step
 * that has begun is not undone.
 */
import { UnikernelError, withErrorContext } from "../../base/errors";
import { processStartTime } from "../../base/processIdentity";
import type { CallContext } from "../../client/callContext";
import { onlyItem } from "../../client/client";
import { hasFeature } from "../../client/transport/metroFeatures";
import { createOrRecover } from "../../client/transport/createOrRecover";
import type { CreateServiceRequest, ServiceItem } from "../../contract/models";
import { type RolloutLockHolder, hashProcess, lockLabel, rolloutLockName } from "../../contract/rolloutLock";
import { deleteLock, findLock } from "./object";
import { type ServiceReference, holderOf, lockedError, lostLockError, runsHere } from "./holder";

/** Who asks for a lock. */
export interface LockRequest {
  readonly stackName: string;
  readonly stackHash: string | undefined;
  /** When the metro deletes the lock by itself: later than the rollout can end. Milliseconds. */
  readonly lifetimeMs: number;
  /** This process. Tests pass others. */
  readonly pid?: number;
}

/** A lock that this process holds. */
export interface RolloutLock {
  /** Throws `ROLLOUT_STOPPED` if somebody else removed it, with the name of the one who holds it now. */
  readonly assertHeld: (context: CallContext) => Promise<void>;
  /** Removes it. Throws as the client does. A lock that is gone is not an error. */
  readonly release: (context: CallContext) => Promise<void>;
}

/** How often a request finds the lock taken or just released, before it counts as rejected. */
const MAX_ATTEMPTS = 5;
/** A lock that is taken but not listed may have been released, or not be listed yet. */
const RETRY_MS = 200;

/** The port of a lock where a group needs one. Groups of the cloud share it, told apart by their domains. */
const LOCK_PORTS = [{ port: 443, destination_port: 8080, handlers: ["tls" as const, "http" as const] }];

const QUOTA_HINT =
  "A rollout needs one more service group, with one port, for its lock. Delete one that is not used, or get a larger quota.";

/**
 * Takes the lock of a service. Throws `ROLLOUT_LOCKED` while another process holds it.
 *
 * The lock of the same stack is taken over unless its process runs on this machine: the engine lets one process at a time change a
 * stack, so the other one was killed, or lost the stack by `pulumi cancel` and will notice before its next change.
 */
export async function acquireLock(
  context: CallContext,
  service: ServiceReference,
  { lifetimeMs, ...requester }: LockRequest,
): Promise<RolloutLock> {
  const holder = await toHolder(service, requester);
  const body: CreateServiceRequest = {
    name: rolloutLockName(service.uuid),
    services: (await hasFeature(context.client, "groups-without-ports")) ? [] : LOCK_PORTS,
    domains: [{ name: lockLabel(holder) }],
    autokill: { time_ms: lifetimeMs },
  };
  for (let attempt = 1; ; attempt++) {
    const created = await createLock(context, service, body, holder).catch((error: unknown) => {
      if (!UnikernelError.has(error, "ALREADY_EXISTS")) throw error;
      return undefined;
    });
    if (created !== undefined) return heldLock(service, created.uuid);
    const found = await findLock(context, service);
    const isFree = found === undefined || (await mayTakeOver(found, service, holder));
    if (!isFree || attempt === MAX_ATTEMPTS) throw await lockedError(service, found, context.client.metro);
    if (found === undefined) await context.clock.sleep(RETRY_MS, context.signal);
    else await deleteLock(context, service, found.uuid);
  }
}

/** Removes the lock of this stack whose process is gone. Throws as the client does. */
export async function removeAbandonedLock(
  context: CallContext,
  service: ServiceReference,
  requester: Omit<LockRequest, "lifetimeMs">,
): Promise<void> {
  const found = await findLock(context, service);
  if (found !== undefined && (await mayTakeOver(found, service, await toHolder(service, requester))))
    await deleteLock(context, service, found.uuid);
}

async function toHolder(
  { uuid }: ServiceReference,
  { stackName, stackHash, pid = process.pid }: Omit<LockRequest, "lifetimeMs">,
): Promise<RolloutLockHolder> {
  return { stackName, stackHash, pid, processHash: hashProcess((await processStartTime(pid)) ?? "", uuid) };
}

const createLock = (
  context: CallContext,
  service: ServiceReference,
  body: CreateServiceRequest,
  holder: RolloutLockHolder,
): Promise<ServiceItem> =>
  createOrRecover<ServiceItem>(
    context,
    async () =>
      onlyItem(await context.client.createService({ body }), `Locking the rollout of service '${service.name}'`),
    () => findLock(context, service),
    (found) => isHeldBy(found, holder),
  ).catch((error: unknown) => {
    throw withErrorContext(error, { QUOTA_EXCEEDED: { hint: QUOTA_HINT } });
  });

const isHeldBy = (lock: ServiceItem, { pid, processHash, stackHash }: RolloutLockHolder): boolean => {
  const holder = holderOf(lock);
  return holder?.pid === pid && holder.processHash === processHash && holder.stackHash === stackHash;
};

async function mayTakeOver(lock: ServiceItem, service: ServiceReference, own: RolloutLockHolder): Promise<boolean> {
  const holder = holderOf(lock);
  if (holder?.stackHash === undefined || holder.stackHash !== own.stackHash) return false;
  if (isHeldBy(lock, own)) return !heldHere.has(lock.uuid); // an earlier rollout of this process could not remove it
  return !(await runsHere(holder, service));
}

/** Uuids of the locks that rollouts of this process hold. */
const heldHere = new Set<string>();

function heldLock(service: ServiceReference, uuid: string): RolloutLock {
  heldHere.add(uuid);
  return {
    assertHeld: async (context) => {
      const found = await findLock(context, service);
      if (found?.uuid !== uuid) throw await lostLockError(service, found);
    },
    release: (context) => {
      heldHere.delete(uuid);
      return deleteLock(context, service, uuid);
    },
  };
}
