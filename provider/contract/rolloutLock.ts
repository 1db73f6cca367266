/**
 * The lock of a rollout: a service group without instances. A group has neither tags nor compare-and-swap, but its name is unique, so
 * creating it is atomic; the label of its domain says who holds it. Pure.
 */
import * as crypto from "node:crypto";

const NAME_PREFIX = "rollout-lock-";
/** Longest label of a domain name. Source: RFC 1035, section 2.3.4. */
const MAX_LABEL_LENGTH = 63;
/** `<stack name>-<stack hash>-<process id, base 36>-<process hash>`; the name may be empty. */
const LABEL = /^(?:([a-z0-9-]+)-)?([0-9a-f]{12})-([0-9a-z]{1,7})-([0-9a-f]{8})$/;
/** Stands for the stack of a holder that has none. */
const NO_STACK = "000000000000";

/** Who holds a lock. */
export interface RolloutLockHolder {
  /** Project and stack, such as `shop-prod`; may be shortened. Empty if it is not known. */
  readonly stackName: string;
  /** From `Identity.stackHash`; `undefined` if it is not known. */
  readonly stackHash: string | undefined;
  readonly pid: number;
  /** From {@link hashProcess}. */
  readonly processHash: string;
}

/** The name of the lock of a service. */
export const rolloutLockName = (serviceUuid: string): string => `${NAME_PREFIX}${serviceUuid}`;

/** The uuid of the service whose lock has this name; `undefined` for any other name. */
export const serviceOfRolloutLock = (name: string): string | undefined =>
  name.startsWith(NAME_PREFIX) ? name.slice(NAME_PREFIX.length) : undefined;

/** True for a service group that is the lock of a rollout. */
export const isRolloutLock = ({ name }: { readonly name: string }): boolean => serviceOfRolloutLock(name) !== undefined;

/**
 * Identifies a process beside its id, which other machines and later processes share. Differs between the services that one process
 * rolls at the same time, because no two groups can have the same domain.
 *
 * @param startTime from `processStartTime`
 */
export const hashProcess = (startTime: string, serviceUuid: string): string =>
  crypto
    .createHash("sha256")
    .update(JSON.stringify([startTime, serviceUuid]))
    .digest("hex")
    .slice(0, 8);

/** The label of the lock's domain. */
export function lockLabel({ stackName, stackHash, pid, processHash }: RolloutLockHolder): string {
  const suffix = `${stackHash ?? NO_STACK}-${pid.toString(36)}-${processHash}`;
  const stem = stackName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_LABEL_LENGTH - suffix.length - 1)
    .replace(/^-+|-+$/g, "");
  return stem === "" ? suffix : `${stem}-${suffix}`;
}

/** The holder that a lock's domain names; `undefined` for a domain of another form. */
export function lockHolder(fqdn: string): RolloutLockHolder | undefined {
  const [, stackName = "", stackHash, pid, processHash] = LABEL.exec(fqdn.split(".")[0] ?? "") ?? [];
  if (stackHash === undefined || pid === undefined || processHash === undefined) return undefined;
  return {
    stackName,
    stackHash: stackHash === NO_STACK ? undefined : stackHash,
    pid: Number.parseInt(pid, 36),
    processHash,
  };
}
