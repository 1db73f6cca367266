/** What an Instance's lifecycle is made of: finding it, waiting until it is what was asked for, and saying what is there when it is not. */
import { onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import type { InstanceItem } from "../../contract/models";
import type { SecretInputs } from "../../client/errors/consoleExcerpt";
import { guestStoppedError, assessLiveness, waitForInstance } from "../../client/waitForInstance";
import { UnikernelError } from "../../base/errors";
import type { Properties } from "../../definition/resource";
import { PENDING_START_KEY, ResourceInitFailedError, clearedInputs, pickOutputs } from "../../definition/initFailed";
import { type ProviderContext, forCleanup } from "../context";
import { verifyDigest } from "../workload/request";
import { type InstanceInputs, instanceInputs } from "./inputs";
import { instanceOutputs, toOutputs } from "./outputs";
import type { PowerState } from "./plan";
import { readInputs } from "./wire";

/** A program that exits at once does so within this time of being started. */
const SETTLE_MS = 500;

/** Down until somebody starts it: one that waits for its next restart was not stopped by its users. */
export const isDown = ({ state, restart }: { readonly state?: unknown; readonly restart?: unknown }): boolean =>
  state === "stopped" && (restart ?? undefined) === undefined;

/** What an instance was when it was last looked at. */
export const lastPowerState = (outputs: Properties): PowerState =>
  outputs[PENDING_START_KEY] === true ? "pending-start" : isDown(outputs) ? "down" : "up";

/** What it is now, for an update: who stopped it may have started it since, and what runs is stopped for what needs that. */
export async function readPowerState(context: ProviderContext, id: string, outputs: Properties): Promise<PowerState> {
  const known = lastPowerState(outputs);
  if (known !== "down") return known;
  const item = await findInstance(context, { uuid: [id] });
  return item === undefined || isDown(item) ? known : "up";
}

/** An instance by uuid or name; `undefined` only when the API says that it does not exist. */
export async function findInstance(
  { client }: Pick<ProviderContext, "client">,
  query: { uuid: string[] } | { name: string[] },
): Promise<InstanceItem | undefined> {
  const reply = await client.getInstances({ query });
  const item = reply.items[0];
  if (item?.error === ITEM_CODES.NotFound || item?.state === "deleted") return undefined;
  return onlyItem(reply, `Reading instance '${Object.values(query).flat().join()}'`);
}

/** What an instance must be to be what was asked for. */
export interface ExpectedInstance {
  readonly image?: string | undefined;
  /** Properties that were changed, as the API calls them: those of earlier changes that failed are no concern of this one. */
  readonly patchedProps?: ReadonlySet<string>;
  /** It was made a moment ago, and may not be readable yet. */
  readonly isNew?: boolean;
  /** What it was given in secret, now and before. */
  readonly secretInputs: readonly SecretInputs[];
}

/** What a guest with these inputs is given in secret: by them, or by the template that is made for it. */
export const secretInputsOf = (inputs: InstanceInputs): readonly SecretInputs[] => [
  inputs,
  inputs.prepareTemplate ?? {},
];

/** A new instance may be missing for a moment: the API is eventually consistent. */
const NOT_FOUND_GRACE_MS = 15_000;

/** A new instance, once it can be read. Throws `NOT_FOUND`. */
export const waitUntilReadable = ({ client, clock, signal }: ProviderContext, id: string): Promise<InstanceItem> =>
  waitForInstance(client, id, () => ({ outcome: "met" }), {
    notFoundGraceMs: NOT_FOUND_GRACE_MS,
    clock,
    signal,
  });

/** Waits until it runs as expected and has not exited at once. */
export async function waitUntilStable(
  context: ProviderContext,
  id: string,
  expected: ExpectedInstance,
): Promise<InstanceItem> {
  const { client, clock, signal } = context;
  const { isNew, secretInputs } = expected;
  await waitForInstance(client, id, assessLiveness, {
    notFoundGraceMs: isNew === true ? NOT_FOUND_GRACE_MS : 0,
    secretInputs,
    clock,
    signal,
  });
  await clock.sleep(SETTLE_MS, signal);
  const settled = await getExisting(context, id);
  const verdict = assessLiveness(settled);
  if (verdict.outcome === "failed") throw await guestStoppedError(client, settled, verdict.reason, secretInputs);
  return verifyExpected(settled, expected);
}

/** The instance, which somebody needs to be there. Throws `NOT_FOUND`. */
export async function getExisting(context: ProviderContext, id: string): Promise<InstanceItem> {
  const item = await findInstance(context, { uuid: [id] });
  if (item === undefined) {
    throw new UnikernelError("NOT_FOUND", `Instance '${id}' no longer exists.`, {
      hint: "Run 'pulumi refresh', then 'pulumi up'.",
    });
  }
  return item;
}

/** The instance, once it is what was asked for. Throws `IMAGE_MISMATCH` and `OPERATION_FAILED`. */
export function verifyExpected(
  item: InstanceItem,
  { image, patchedProps }: Pick<ExpectedInstance, "image" | "patchedProps">,
): InstanceItem {
  const failed = item.updates?.find(({ status, prop }) => status === "failed" && patchedProps?.has(prop) === true);
  if (failed !== undefined) {
    const reason = failed.error === undefined ? "" : `: ${failed.error}`;
    throw new UnikernelError("OPERATION_FAILED", `Instance '${item.name}' could not apply ${failed.prop}${reason}.`);
  }
  if (image !== undefined) verifyDigest(item, image);
  return item;
}

/** What is known of an instance that something failed for. */
interface LastKnownState {
  /** The inputs it has, as far as is known. */
  readonly inputs: InstanceInputs;
  /** What it reported before; nothing of one that is new. */
  readonly outputs: Properties;
  readonly pendingStart: boolean;
}

/** The failure that carries what is there now, or, where that cannot be told, what was there before. */
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
