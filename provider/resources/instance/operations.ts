/** Steps that an Instance's lifecycle functions share: reading, waiting, verifying, and reporting what a failure left. */
import { onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import type { InstanceItem } from "../../contract/models";
import type { SecretInputs } from "../../client/errors/consoleExcerpt";
import { waitForInstance } from "../../client/waitForInstance";
import { UnikernelError } from "../../base/errors";
import type { Properties } from "../../definition/resource";
import { PENDING_START_KEY, ResourceInitFailedError, clearedInputs, pickOutputs } from "../../definition/initFailed";
import { type ProviderContext, forCleanup } from "../context";
import { matchesReference } from "../common/reference";
import { verifyDigest } from "../workload/request";
import { type InstanceInputs, instanceInputs } from "./inputs";
import { instanceOutputs, toOutputs } from "./outputs";
import type { PowerState } from "./plan";
import type { StartCounts } from "./waitFor";
import { NOT_FOUND_GRACE_MS } from "./waitUntilUp";
import { readInputs } from "./wire";

/** True if the instance stays stopped until it is started. One that waits for its next restart is not down. */
export const isDown = ({ state, restart }: { readonly state?: unknown; readonly restart?: unknown }): boolean =>
  state === "stopped" && (restart ?? undefined) === undefined;

/** The power state of the last observed outputs. */
export function lastPowerState(outputs: Properties, isJob: boolean): PowerState {
  if (outputs[PENDING_START_KEY] === true) return isJob && !isDown(outputs) ? "unfinished" : "pending-start";
  if (!isDown(outputs)) return "up";
  return isJob ? "completed" : "down";
}

/** The start counters of an instance. */
export const startCounts = ({ start_count: starts = 0, restart_count: restarts = 0 }: InstanceItem): StartCounts => ({
  starts,
  restarts,
});

/** The power state now. Reads an instance that was last observed stopped, because a user may have started it since. */
export async function readPowerState(
  context: ProviderContext,
  id: string,
  outputs: Properties,
  isJob: boolean,
): Promise<PowerState> {
  const known = lastPowerState(outputs, isJob);
  if (known !== "down" && known !== "completed") return known;
  const item = await findInstance(context, { uuid: [id] });
  return item === undefined || isDown(item) ? known : "up";
}

/** An instance by UUID or name; undefined only if the API reports that it does not exist. */
export async function findInstance(
  { client }: Pick<ProviderContext, "client">,
  query: { uuid: string[] } | { name: string[] },
): Promise<InstanceItem | undefined> {
  const reply = await client.getInstances({ query });
  const item = reply.items[0];
  if (item?.error === ITEM_CODES.NotFound || item?.state === "deleted") return undefined;
  return onlyItem(reply, `Reading instance '${Object.values(query).flat().join()}'`);
}

/** What an instance must match after a create or update. */
export interface ExpectedInstance {
  /** Requested image; undefined if any image is right. */
  readonly image?: string | undefined;
  /** API names of the properties that this update changed. Failures of earlier changes are ignored. */
  readonly patchedProps?: ReadonlySet<string>;
  /** Volumes that this update attached. */
  readonly attached?: readonly Mount[];
  /** Volumes that this update detached. */
  readonly detached?: readonly Mount[];
}

/** A volume and where it is mounted. */
export type Mount = InstanceInputs["volumes"][number];

/** True if the instance has the volume at this path. */
export const isAttached = (item: InstanceItem, { volume, at }: Mount): boolean =>
  (item.volumes ?? []).some((one) => one.at === at && matchesReference(volume, one));

/** The secret inputs of the instance and of the template that is prepared for it. */
export const secretInputsOf = (inputs: InstanceInputs): readonly SecretInputs[] => [
  inputs,
  inputs.prepareTemplate ?? {},
];

/** Waits until a new instance can be read. Throws `NOT_FOUND` after 15 s. */
export const waitUntilReadable = ({ client, clock, signal }: ProviderContext, id: string): Promise<InstanceItem> =>
  waitForInstance(client, id, () => ({ outcome: "met" }), {
    notFoundGraceMs: NOT_FOUND_GRACE_MS,
    clock,
    signal,
  });

/** Reads an instance that must exist. Throws `NOT_FOUND`. */
export async function getExisting(context: ProviderContext, id: string): Promise<InstanceItem> {
  const item = await findInstance(context, { uuid: [id] });
  if (item === undefined) {
    throw new UnikernelError("NOT_FOUND", `Instance '${id}' no longer exists.`, {
      hint: "Run 'pulumi refresh', then 'pulumi up'.",
    });
  }
  return item;
}

/**
 * Returns the instance if it matches. Throws `IMAGE_MISMATCH`, or `OPERATION_FAILED` if a change of this update failed or was undone:
 * a request whose connection broke can arrive after those that followed it.
 */
export function verifyExpected(item: InstanceItem, expected: ExpectedInstance): InstanceItem {
  const { image, patchedProps, attached = [], detached = [] } = expected;
  const failed = item.updates?.find(({ status, prop }) => status === "failed" && patchedProps?.has(prop) === true);
  if (failed !== undefined) {
    const reason = failed.error === undefined ? "" : `: ${failed.error}`;
    throw new UnikernelError("OPERATION_FAILED", `Instance '${item.name}' could not apply ${failed.prop}${reason}.`);
  }
  if (image !== undefined) verifyDigest(item, image);
  // A node that does not list volumes says nothing about them.
  if (item.volumes === undefined) return item;
  const stayedDetached = detached.filter(({ at }) => !attached.some((mount) => mount.at === at));
  const undone =
    attached.find((mount) => !isAttached(item, mount)) ?? stayedDetached.find((mount) => isAttached(item, mount));
  if (undone === undefined) return item;
  const { volume, at } = undone;
  const change = attached.includes(undone) ? "attached" : "detached";
  throw new UnikernelError(
    "OPERATION_FAILED",
    `Volume '${volume}' was ${change} at ${at} of instance '${item.name}', and something else undid that.`,
    { hint: "Rerun 'pulumi up'.", property: "volumes" },
  );
}

/** What is known of an instance after a failure. */
interface LastKnownState {
  /** Its inputs, as far as they are known. */
  readonly inputs: InstanceInputs;
  /** Its last observed outputs; empty for a new instance. */
  readonly outputs: Properties;
  readonly pendingStart: boolean;
}

/** The error that carries the current state of the instance, or its last known state if it cannot be read. */
export async function initFailure(
  context: ProviderContext,
  id: string,
  { inputs, outputs, pendingStart }: LastKnownState,
  error: unknown,
): Promise<ResourceInitFailedError> {
  const pendingEntry = { [PENDING_START_KEY]: pendingStart ? true : undefined };
  const item = await findInstance(forCleanup(context), { uuid: [id] }).catch(() => undefined);
  const now =
    item === undefined
      ? { ...inputs, ...pickOutputs(instanceOutputs, outputs) }
      : { ...readInputs(item, inputs), ...toOutputs(item, inputs) };
  return new ResourceInitFailedError(id, { ...clearedInputs(instanceInputs), ...now, ...pendingEntry }, error);
}
