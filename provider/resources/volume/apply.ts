/** Executes the plan of a Volume's update. */
import type { VolumeItem, VolumeProp } from "../../contract/models";
import { onlyItem } from "../../client/client";
import { UnikernelError, withErrorContext } from "../../base/errors";
import { sendFinish } from "../common/createOrResume";
import { findMark, withMarkKept, withoutMarks } from "../common/ownershipMark";
import { type PlannedPatch, toPatchOperation } from "../common/patchOperation";
import { type ProviderContext, withTimeLimit } from "../context";
import { findRestarts, growWithRestarts, timeoutWithRestartsMs } from "./grow";
import { remountHint } from "./growPlan";
import type { VolumeInputs } from "./inputs";
import { initFailure, listAttachedInstances, waitUntilReadyAgain } from "./operations";
import { type VolumeOutputs, toOutputs } from "./outputs";
import { planChanges } from "./plan";

/** The error of a change. If the volume is in use, adds a hint that names the instances; other errors are returned unchanged. */
async function withInUseHint(context: ProviderContext, id: string, error: unknown): Promise<unknown> {
  if (!UnikernelError.has(error, "IN_USE", "STATE_CONFLICT")) return error;
  const users = await listAttachedInstances(context, id).catch(() => "");
  return users === "" ? error : withErrorContext(error, { [error.code]: { hint: remountHint(users) } });
}

const INPUT_BY_PROP: Readonly<Record<VolumeProp, keyof VolumeInputs>> = {
  size_mb: "sizeMb",
  tags: "tags",
  quota_policy: "quotaPolicy",
  delete_lock: "deleteLock",
};

/** What one request changes. */
type VolumeRequest = readonly PlannedPatch<VolumeProp>[];

/** One request per change; the last also says that the volume is finished, if it is not marked so yet. */
function toRequests({ tags }: VolumeItem, changes: readonly PlannedPatch<VolumeProp>[]): readonly VolumeRequest[] {
  const requests = changes.map((change): VolumeRequest => [change]);
  if (findMark(tags)?.unfinished !== true || changes.some(({ prop }) => prop === "tags")) return requests;
  const finish = { description: FINISH, prop: "tags", op: "set", value: withoutMarks(tags ?? []) } as const;
  return [...requests.slice(0, -1), [...(requests.at(-1) ?? []), finish]];
}
const FINISH = "mark it as finished";

/** Sends the changes one after the other, and stops at the first error. The last request also marks the volume as finished. */
export async function applyChanges(
  context: ProviderContext,
  item: VolumeItem,
  changes: readonly PlannedPatch<VolumeProp>[],
): Promise<void> {
  for (const request of toRequests(item, changes)) {
    const send = (): Promise<void> => sendChanges(context, item, request);
    await (request.every(({ description }) => description === FINISH) ? sendFinish(send) : send());
  }
}

async function sendChanges(
  context: ProviderContext,
  { uuid, name, tags }: VolumeItem,
  request: VolumeRequest,
): Promise<void> {
  const property = INPUT_BY_PROP[request[0]?.prop ?? "tags"];
  try {
    const operations = request.map((change) => toPatchOperation(withMarkKept(change, tags, context.ownership)));
    const reply = await context.client.patchVolumes({ body: operations.map((operation) => ({ uuid, ...operation })) });
    request.forEach(({ description }, index) => {
      onlyItem({ ...reply, items: reply.items.slice(index) }, `Changing volume '${name}' (${description})`);
    });
  } catch (error) {
    throw withErrorContext(await withInUseHint(context, uuid, error), {
      IN_USE: { property },
      STATE_CONFLICT: { property },
      QUOTA_EXCEEDED: { property },
      API_REJECTED: { property },
    });
  }
}

/** What changes while no instance uses the volume: its size, and the quota policy, which determines whether it may grow. */
const WHILE_UNUSED: readonly VolumeProp[] = ["quota_policy", "size_mb"];

/** Updates a volume in place. Throws a `ResourceInitFailedError` with the observed state if a change fails. */
export async function updateVolume(
  unlimited: ProviderContext,
  id: string,
  olds: { readonly inputs: VolumeInputs },
  news: VolumeInputs,
): Promise<VolumeOutputs> {
  const attempted = `Updating volume '${news.name ?? id}'`;
  const planning = withTimeLimit(unlimited, unlimited.timeouts.updateMs, attempted);
  const item = await waitUntilReadyAgain(planning, id);
  const changes = planChanges(item, olds.inputs, news);
  const growth = changes.filter(({ prop }) => WHILE_UNUSED.includes(prop));
  const restarts = await findRestarts(planning, item, {
    grows: growth.some(({ prop }) => prop === "size_mb"),
    allowRestart: news.allowRestart,
  });
  const context = withTimeLimit(unlimited, timeoutWithRestartsMs(unlimited, restarts), attempted);
  try {
    await growWithRestarts(context, item, restarts, async () => {
      if (growth.length > 0) await applyChanges(context, item, growth);
    });
    const others = changes.filter((change) => !growth.includes(change));
    await applyChanges(context, item, others);
    return toOutputs(await waitUntilReadyAgain(context, id), news);
  } catch (error) {
    throw await initFailure(context, item, olds.inputs, error);
  }
}
