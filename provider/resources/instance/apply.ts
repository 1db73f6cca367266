/** Executes the plan of an Instance's update, step by step. */
import { isDeepStrictEqual } from "node:util";
import { onlyItem } from "../../client/client";
import { ITEM_CODES, isUp } from "../../contract/codes";
import type { InstanceItem } from "../../contract/models";
import { UnikernelError } from "../../base/errors";
import type { Properties } from "../../definition/resource";
import { stopInstance, timeoutWithDrainMs } from "../../rollout/members/instances";
import { type ProviderContext, forCleanup, withTimeLimit } from "../context";
import { toReference } from "../common/fields";
import type { InstanceInputs } from "./inputs";
import {
  type Mount,
  secretInputsOf,
  initFailure,
  isAttached,
  isDown,
  getExisting,
  startCounts,
  verifyExpected,
} from "./operations";
import type { InputPatch, InstanceStep } from "./plan";
import { sendFinish } from "../common/createOrResume";
import { findMark, withMark, withMarkKept, withoutMarks } from "../common/ownershipMark";
import { digestIn } from "../workload/request";
import { hasOldValue } from "./wire";
import { sendPatches } from "../common/clearing";
import { type StartCounts, stableTimeMs } from "./waitFor";
import { waitUntilUp } from "./waitUntilUp";

/** An update in progress. */
interface UpdateProgress {
  readonly context: ProviderContext;
  readonly id: string;
  readonly olds: InstanceInputs;
  readonly news: InstanceInputs;
  /** The inputs with all changes so far. The same object as `olds` until the first change. */
  currentInputs: InstanceInputs;
  /** API names of the properties changed so far. */
  readonly patchedProps: Set<string>;
  /** The volumes attached and detached so far. */
  readonly attached: Mount[];
  readonly detached: Mount[];
  stoppedByUpdate: boolean;
  /** The counters before the start that is waited for; `undefined` if none is. */
  before: StartCounts | undefined;
}

/**
 * Executes the steps in order.
 *
 * Throws a `ResourceInitFailedError` with the observed state. If the update stopped the instance and then changed nothing, it is
 * started again.
 */
export async function applySteps(
  unlimited: ProviderContext,
  id: string,
  steps: readonly InstanceStep[],
  olds: { readonly inputs: InstanceInputs; readonly outputs: Properties },
  news: InstanceInputs,
): Promise<InstanceItem> {
  const { inputs } = olds;
  const drainTimeoutMs = steps.find((step) => step.do === "stop")?.drainTimeoutMs ?? 0;
  const starts = steps.some((step) => step.do === "start" || step.do === "await");
  const timeoutMs = timeoutWithDrainMs(unlimited.timeouts.updateMs, drainTimeoutMs) + (starts ? stableTimeMs(news) : 0);
  const context = withTimeLimit(unlimited, timeoutMs, `Updating instance '${news.name ?? id}'`);
  const progress: UpdateProgress = {
    context,
    id,
    olds: inputs,
    news,
    currentInputs: inputs,
    patchedProps: new Set(),
    attached: [],
    detached: [],
    stoppedByUpdate: false,
    before: undefined,
  };
  try {
    let item = await getExisting(context, id);
    if (steps.some((step) => step.do === "start")) item = await markRestarting(context, item);
    for (const step of steps) item = await applyStep(progress, item, step);
    return item;
  } catch (error) {
    const isUpAgain =
      progress.stoppedByUpdate && progress.currentInputs === progress.olds && (await tryStart(forCleanup(context), id));
    const known = { inputs: progress.currentInputs, outputs: olds.outputs, pendingStart: starts && !isUpAgain };
    throw await initFailure(context, id, known, error);
  }
}

/**
 * Notes on the instance that this update starts it. If the update is killed before, a refresh could not tell that from an instance that
 * somebody stopped, or from a job that has completed. The end of the update removes the note.
 */
async function markRestarting(context: ProviderContext, item: InstanceItem): Promise<InstanceItem> {
  const mark = findMark(item.tags);
  const { starts } = startCounts(item);
  if (mark === undefined || mark.unfinished || mark.restartingFrom === starts) return item;
  const tags = [...withMark(withoutMarks(item.tags ?? []), item.tags, context.ownership, starts)];
  const body = [{ uuid: item.uuid, prop: "tags" as const, op: "set" as const, value: tags }];
  await sendFinish(async () => {
    onlyItem(await context.client.patchInstances({ body }), `Marking instance '${item.name}' as restarting`);
  });
  return { ...item, tags };
}

/** Starts the instance again. False if that fails too, so that the next update starts it. */
const tryStart = ({ client }: ProviderContext, id: string): Promise<boolean> =>
  client.startInstances({ body: [{ uuid: id }] }).then(
    ({ items }) => items.length > 0 && items[0]?.status !== "error",
    () => false,
  );

async function applyStep(progress: UpdateProgress, item: InstanceItem, step: InstanceStep): Promise<InstanceItem> {
  const { context, id, news } = progress;
  switch (step.do) {
    case "stop":
      if (isDown(item)) return item;
      progress.stoppedByUpdate = true;
      await stopInstance(context, item, step.drainTimeoutMs);
      return getExisting(context, id);
    case "detach":
      await detachVolume(progress, item, step.mount);
      return item;
    case "patch":
      await patchInstance(progress, item, step.patches);
      return item;
    case "attach":
      await attachVolume(progress, item, step.mount);
      return item;
    case "start":
      if (isUp(item.state)) {
        progress.before = countsBeforeRun(item);
        return item;
      }
      progress.before = startCounts(item);
      onlyItem(await context.client.startInstances({ body: [{ uuid: id }] }), `Starting instance '${item.name}'`);
      return item;
    case "await":
      progress.before = countsBeforeRun(item);
      return item;
    case "verify": {
      const { before, patchedProps, attached, detached } = progress;
      const secretInputs = [...secretInputsOf(news), ...secretInputsOf(progress.olds)];
      const now =
        before === undefined
          ? await getExisting(context, id)
          : await waitUntilUp(context, { item, inputs: news, before, isNew: false, secretInputs });
      return verifyExpected(now, { image: news.image, patchedProps, attached, detached });
    }
    default:
      return step satisfies never;
  }
}

/** The counters before the run that an instance is in, or was in last. */
function countsBeforeRun(item: InstanceItem): StartCounts {
  const { starts, restarts } = startCounts(item);
  return { starts: Math.max(0, starts - 1), restarts };
}

async function detachVolume(progress: UpdateProgress, item: InstanceItem, mount: Mount): Promise<void> {
  const { context, id, currentInputs } = progress;
  if (!isAttached(item, mount)) return;
  try {
    const reply = await context.client.detachVolumes({ body: [{ ...toReference(mount.volume), from: { uuid: id } }] });
    if (reply.items[0]?.error !== ITEM_CODES.NotAttached)
      onlyItem(reply, `Detaching volume '${mount.volume}' from instance '${item.name}'`);
  } catch (error) {
    // The response was lost, or the volume is gone. A volume that is no longer mounted is detached.
    const now = await getExisting(context, id).catch(() => undefined);
    if (now === undefined || isAttached(now, mount)) throw error;
  }
  progress.detached.push(mount);
  progress.currentInputs = {
    ...currentInputs,
    volumes: currentInputs.volumes.filter((one) => !isDeepStrictEqual(one, mount)),
  };
}

async function attachVolume(progress: UpdateProgress, item: InstanceItem, mount: Mount): Promise<void> {
  const { context, id, currentInputs } = progress;
  const { volume, at, readonly } = mount;
  const body = { ...toReference(volume), attach_to: { uuid: id }, at, ...(readonly ? { readonly } : {}) };
  try {
    onlyItem(
      await context.client.attachVolumes({ body: [body] }),
      `Attaching volume '${volume}' to instance '${item.name}'`,
    );
  } catch (error) {
    // A retry after a lost response fails because the first request attached the volume.
    if (!UnikernelError.has(error, "IN_USE")) throw error;
    const now = await getExisting(context, id).catch(() => undefined);
    if (now === undefined || !isAttached(now, mount)) throw error;
  }
  progress.attached.push(mount);
  progress.currentInputs = { ...currentInputs, volumes: [...currentInputs.volumes, mount] };
}

const propertyNames = (patches: readonly InputPatch[]): string => patches.map(({ property }) => property).join(", ");

/** One request for all properties. The API changes them one by one, so some may fail. */
async function patchInstance(
  progress: UpdateProgress,
  { name, tags }: InstanceItem,
  planned: readonly InputPatch[],
): Promise<void> {
  const { context, id } = progress;
  const patches = planned.map((patch) => withMarkKept(patch, tags, context.ownership));
  const errors = await sendPatches(context.clearing, patches, {
    describe: (verb, { property }) => `${verb} ${property} of instance '${name}'`,
    send: (operations) =>
      context.client.patchInstances({ body: operations.map((operation) => ({ uuid: id, ...operation })) }),
    findUncleared: (cleared) => findUncleared(progress, cleared),
  });
  const failed = patches.filter((patch) => errors.has(patch));
  const succeeded = patches.filter((patch) => !errors.has(patch));
  for (const { property, prop } of succeeded) {
    progress.currentInputs = { ...progress.currentInputs, [property]: progress.news[property as keyof InstanceInputs] };
    progress.patchedProps.add(prop);
  }
  const [first] = failed;
  const cause = first && errors.get(first);
  if (first === undefined || cause === undefined) return;
  const othersText = failed.length === 1 ? "" : ` ${propertyNames(failed.slice(1))} failed too.`;
  const succeededText =
    succeeded.length === 0 ? "" : ` ${propertyNames(succeeded)} ${succeeded.length === 1 ? "was" : "were"} changed.`;
  throw new UnikernelError(cause.code, `${cause.message}${othersText}${succeededText}`, {
    property: first.property,
    details: { ...cause.details, succeeded: succeeded.map(({ property }) => property) },
    ...(cause.hint === undefined ? {} : { hint: cause.hint }),
  });
}

/** Those of the cleared properties that still have their old value. */
async function findUncleared(
  { context, id, olds, news }: UpdateProgress,
  cleared: readonly InputPatch[],
): Promise<readonly InputPatch[]> {
  const item = await getExisting(context, id);
  const uncleared: InputPatch[] = [];
  for (const patch of cleared) {
    const property = patch.property as keyof InstanceInputs;
    const hasOld = hasOldValue(item, property, olds, news);
    if (hasOld && !(await isServerDefault(context, item, property))) uncleared.push(patch);
  }
  return uncleared;
}

/** Is the reported value the one that the server fills in where none is given: the name as host name, the image's arguments? */
async function isServerDefault(
  { client }: ProviderContext,
  item: InstanceItem,
  property: keyof InstanceInputs,
): Promise<boolean> {
  if (property === "hostname") return item.hostname === item.name;
  const digest = property === "args" ? digestIn(item.image ?? "") : undefined;
  if (digest === undefined) return false;
  const { items } = await client.getImages({ query: { digest: [digest] } });
  return items.some(({ args }) => isDeepStrictEqual(args ?? [], item.args ?? []));
}
