/** What an Instance's lifecycle is made of: finding it, waiting until it is what was asked for, and saying what is there when it is not. */
import { onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import type { InstanceItem } from "../../contract/models";
import type { Given } from "../../client/errors/consoleExcerpt";
import { guestStopped, isUp, waitFor } from "../../client/waitForInstance";
import { UnikernelError } from "../../base/errors";
import type { Properties } from "../../definition/resource";
import { OWES_START_KEY, PartialFailure, noInputs, outputsIn } from "../../definition/initFailed";
import type { ProviderContext } from "../context";
import { verifiedDigest } from "../workload/request";
import { type InstanceInputs, instanceInputs } from "./inputs";
import { instanceOutputs, toOutputs } from "./outputs";
import type { Power } from "./plan";
import { readInputs } from "./wire";

/** A program that exits at once does so within this time of being started. */
const SETTLE_MS = 500;

/** Down until somebody starts it: one that waits for its next restart was not stopped by its users. */
export const isDown = ({ state, restart }: { readonly state?: unknown; readonly restart?: unknown }): boolean =>
  state === "stopped" && (restart ?? undefined) === undefined;

/** What an instance was when it was last looked at. */
export const powerIn = (outputs: Properties): Power =>
  outputs[OWES_START_KEY] === true ? "owes-start" : isDown(outputs) ? "down" : "up";

/** What it is now, for an update: who stopped it may have started it since, and what runs is stopped for what needs that. */
export async function powerNow(context: ProviderContext, id: string, outputs: Properties): Promise<Power> {
  const known = powerIn(outputs);
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
export interface Expected {
  readonly image?: string | undefined;
  /** Properties that were changed, as the API calls them: those of earlier changes that failed are no concern of this one. */
  readonly patched?: ReadonlySet<string>;
  /** It was made a moment ago, and may not be readable yet. */
  readonly isNew?: boolean;
  /** What it was given in secret, now and before. */
  readonly given: readonly Given[];
}

/** What a guest with these inputs is given in secret: by them, or by the template that is made for it. */
export const givenIn = (inputs: InstanceInputs): readonly Given[] => [inputs, inputs.prepareTemplate ?? {}];

/** A new instance may be missing for a moment: the API is eventually consistent. */
const UNSEEN_MS = 15_000;

/** A new instance, once it can be read. Throws `NOT_FOUND`. */
export const seen = ({ client, clock, signal }: ProviderContext, id: string): Promise<InstanceItem> =>
  waitFor(client, id, () => ({ is: "met" }), { timeoutMs: UNSEEN_MS, unseenMs: UNSEEN_MS, clock, signal });

/** Waits until it runs as expected and has not exited at once. */
export async function settle(
  context: ProviderContext,
  id: string,
  expected: Expected,
  timeoutMs: number,
): Promise<InstanceItem> {
  const { client, clock, signal } = context;
  const { isNew, given } = expected;
  await waitFor(client, id, isUp, { timeoutMs, unseenMs: isNew === true ? UNSEEN_MS : 0, given, clock, signal });
  await clock.sleep(SETTLE_MS, signal);
  const settled = await present(context, id);
  const verdict = isUp(settled);
  if (verdict.is === "failed") throw await guestStopped(client, settled, verdict.because, given);
  return verified(settled, expected);
}

/** The instance, which somebody needs to be there. Throws `NOT_FOUND`. */
export async function present(context: ProviderContext, id: string): Promise<InstanceItem> {
  const item = await findInstance(context, { uuid: [id] });
  if (item === undefined) {
    throw new UnikernelError("NOT_FOUND", `Instance '${id}' vanished.`, {
      hint: "Run 'pulumi refresh', then 'pulumi up'.",
    });
  }
  return item;
}

/** The instance, once it is what was asked for. Throws `IMAGE_MISMATCH` and `OPERATION_FAILED`. */
export function verified(item: InstanceItem, { image, patched }: Pick<Expected, "image" | "patched">): InstanceItem {
  const failed = item.updates?.find(({ status, prop }) => status === "failed" && patched?.has(prop) === true);
  if (failed !== undefined) {
    const reason = failed.error === undefined ? "" : `: ${failed.error}`;
    throw new UnikernelError("OPERATION_FAILED", `Instance '${item.name}' did not take its ${failed.prop}${reason}.`);
  }
  if (image !== undefined) verifiedDigest(item, image);
  return item;
}

/** What is known of an instance that something failed for. */
interface Known {
  /** The inputs it has, as far as is known. */
  readonly inputs: InstanceInputs;
  /** What it reported before; nothing of one that is new. */
  readonly outputs: Properties;
  readonly owesStart: boolean;
}

/** The failure that carries what is there now, or, where that cannot be told, what was there before. */
export async function halfMade(
  context: ProviderContext,
  id: string,
  { inputs, outputs, owesStart }: Known,
  error: unknown,
): Promise<PartialFailure> {
  const owed = { [OWES_START_KEY]: owesStart ? true : undefined };
  const item = await findInstance(context, { uuid: [id] }).catch(() => undefined);
  const now =
    item === undefined
      ? { ...inputs, ...outputsIn(instanceOutputs, outputs) }
      : { ...readInputs(item, inputs), ...toOutputs(item, inputs) };
  return new PartialFailure(id, { ...noInputs(instanceInputs), ...now, ...owed }, error);
}
