/** How an Instance is created, read, updated and deleted. */
import { onlyItem } from "../../client/client";
import { ITEM_CODES, isCleanExit } from "../../contract/codes";
import { createOrRecover } from "../../client/transport/createOrRecover";
import type { InstanceItem } from "../../contract/models";
import { UnikernelError } from "../../base/errors";
import { PENDING_START_KEY } from "../../definition/initFailed";
import type { Lifecycle } from "../../definition/resource";
import { deleteInstances, drainAndDelete, timeoutWithDrainMs } from "../../rollout/members/instances";
import { diff } from "../../definition/diff";
import { withoutUnknowns } from "../../definition/unknowns";
import { assertAdoptable } from "../common/adopt";
import { createOrResume, sendFinish } from "../common/createOrResume";
import { findMark, finishingTags, holderByMark, isOwnUnfinished, unfinishedMark } from "../common/ownershipMark";
import { toPatchOperation } from "../common/patchOperation";
import { type ProviderContext, forCleanup, withTimeLimit } from "../context";
import { isUuid } from "../common/fields";
import { withKernelChecks } from "../workload/preview/checkedLifecycle";
import { withLabels } from "../workload/labels/labelledLifecycle";
import { waitForImage } from "../workload/waitForImage";
import { workloadErrorContext } from "../workload/request";
import { inspectName } from "./hostName";
import { type InstanceInputs, instanceInputs, isJob } from "./inputs";
import {
  findInstance,
  secretInputsOf,
  initFailure,
  isDown,
  lastPowerState,
  readPowerState,
  startCounts,
  waitUntilReadable,
  verifyExpected,
} from "./operations";
import { type InstanceOutputs, type instanceOutputs, toOutputs } from "./outputs";
import { describeInstanceUpdate, toInputPatch, planInstanceUpdate } from "./plan";
import { applySteps } from "./apply";
import { findTakeOver, restartReplaces, takesOver, withoutSuccessor } from "./takeOver";
import { NEVER_STARTED, judgeStart, stableTimeMs, toStartExpectation } from "./waitFor";
import { waitUntilUp } from "./waitUntilUp";
import { isImport, readInputs, toCreateRequest } from "./wire";

/** Time to delete an instance that did not stop in time. */
const FORCED_DELETE_MS = 60_000;

const diffDefinition = { inputs: instanceInputs, restartReplaces };

type CreatedInstance = { id: string; outputs: InstanceOutputs };

/** What differs from the inputs. The delete lock is set by the last request of a create, which was not sent yet. */
const changesTo = (inputs: InstanceInputs, found: InstanceItem) =>
  diff(diffDefinition, { ...readInputs(found, inputs), deleteLock: inputs.deleteLock }, inputs);

/** Creates the instance, or finds it if the response to an earlier attempt was lost. */
async function createInstance(context: ProviderContext, inputs: InstanceInputs): Promise<InstanceItem> {
  const { client, ownership } = context;
  const { name = "" } = inputs;
  const request = toCreateRequest(inputs, ownership === undefined ? [] : [unfinishedMark(ownership)]);
  const takeOver = await findTakeOver(context, inputs);
  const body = takeOver === undefined ? request : { ...request, take_over: takeOver };
  return createOrRecover<InstanceItem>(
    context,
    async () => onlyItem(await client.createInstance({ body }), `Creating instance '${name}'`),
    async () => (await client.getInstances({ query: { name: [name] } })).items[0],
    (found) => changesTo(inputs, found).length === 0,
  );
}

/** Brings an instance that an earlier create left to what is asked for; `undefined` where a new one must be made. */
async function resumeInstance(
  context: ProviderContext,
  item: InstanceItem,
  inputs: InstanceInputs,
): Promise<InstanceItem | undefined> {
  const changes = changesTo(inputs, item);
  // A copy does not tell of what it is one, and what is down has failed, unless it has ended as it should.
  const hasFailed = isDown(item) && judgeStart(item, toStartExpectation(inputs, NEVER_STARTED)).outcome !== "met";
  if (inputs.image === undefined || hasFailed || changes.some(({ replace }) => replace)) return undefined;
  if (changes.length > 0) {
    const found = { inputs: readInputs(item, inputs), outputs: toOutputs(item, inputs) };
    await updateInstance(context, item.uuid, found, inputs);
  }
  return item;
}

/** Creates the instance, or continues with the unfinished one of a killed create of this resource. */
const createOrResumeInstance = (context: ProviderContext, inputs: InstanceInputs): Promise<InstanceItem> =>
  createOrResume<InstanceItem>(context, {
    kind: "Instance",
    name: inputs.name ?? "",
    create: () => createInstance(context, inputs),
    findHolder: async () => {
      const object = await findInstance(context, { name: [inputs.name ?? ""] });
      return object && { object, holder: holderByMark(object.tags, context.ownership) };
    },
    resume: (item) => resumeInstance(context, item, inputs),
    discard: (item) => deleteInstances(context.client, [item.uuid]),
    errorContexts: workloadErrorContext("", inputs.serviceGroup !== undefined),
  });

/** The last request of a create: the mark says from now on that the instance is finished, and the lock is set that is asked for. */
async function finishInstance(context: ProviderContext, item: InstanceItem, requested?: InstanceInputs): Promise<void> {
  const lock = requested?.deleteLock === true ? toInputPatch("deleteLock", requested) : undefined;
  const tags = finishingTags(item.tags, context.ownership);
  const { uuid, name } = item;
  const body = [
    ...(tags === undefined ? [] : [{ uuid, prop: "tags" as const, op: "set" as const, value: tags }]),
    ...(lock === undefined ? [] : [{ uuid, ...toPatchOperation(lock) }]),
  ];
  const send = async () => {
    const reply = await context.client.patchInstances({ body });
    body.forEach(({ prop }, index) => {
      const attempted = prop === "tags" ? `Marking instance '${name}' as finished` : `Locking instance '${name}'`;
      onlyItem({ ...reply, items: reply.items.slice(index) }, attempted);
    });
  };
  if (lock !== undefined) await send();
  else if (tags !== undefined) await sendFinish(send);
}

/** True if an update was killed before it had started the instance, or before its job had completed. */
function isStartMissing(item: InstanceItem, isJob: boolean): boolean {
  const from = findMark(item.tags)?.restartingFrom;
  if (from === undefined) return false;
  return startCounts(item).starts <= from || (isJob && !(item.state === "stopped" && isCleanExit(item)));
}

/** Says why a copy has booted, which should have begun with the memory of its original. */
function warnWithoutMemory(context: ProviderContext, inputs: InstanceInputs, item: InstanceItem): void {
  const isCopy = (inputs.template ?? inputs.branchFrom ?? inputs.checkpoint) !== undefined;
  if (isCopy && item.memory_notice !== undefined)
    context.printWarning(`Instance '${item.name}': ${item.memory_notice}.`);
}

/** Deletes the instance; true if it is gone. `NotFound` counts only if it was readable before: a new one may not be visible yet. */
const tryDelete = ({ client }: ProviderContext, uuid: string, wasReadable: boolean): Promise<boolean> =>
  client.deleteInstances({ body: [{ uuid }] }).then(
    ({ items: [item] }) =>
      item !== undefined && (item.status !== "error" || (wasReadable && item.error === ITEM_CODES.NotFound)),
    () => false,
  );

/** The existing instance of this name, and what must change; undefined if there is none to adopt. */
async function findAdoptable(context: ProviderContext, inputs: InstanceInputs) {
  const { name = "" } = inputs;
  const item = await findInstance(context, { name: [name] });
  // `adopt` does not apply to what a create of this resource left unfinished.
  if (item === undefined || isOwnUnfinished(item.tags, context.ownership)) return undefined;
  const known = withoutUnknowns(inputs) as InstanceInputs;
  const found = readInputs(item, known);
  return {
    id: item.uuid,
    inputs: found,
    outputs: toOutputs(item, known),
    changes: diff(diffDefinition, found, inputs),
  };
}

/** Updates the existing instance of this name to match the inputs; undefined if there is none. */
async function adoptExisting(context: ProviderContext, inputs: InstanceInputs): Promise<CreatedInstance | undefined> {
  const found = await findAdoptable(context, inputs);
  if (found === undefined) return undefined;
  assertAdoptable(`Instance '${inputs.name ?? ""}'`, found, inputs);
  if (found.changes.length === 0) return found;
  return { id: found.id, outputs: await updateInstance(context, found.id, found, inputs) };
}

async function updateInstance(
  context: ProviderContext,
  id: string,
  olds: { readonly inputs: InstanceInputs; readonly outputs: InstanceOutputs },
  news: InstanceInputs,
): Promise<InstanceOutputs> {
  if (news.image !== olds.inputs.image) await waitForImage(context, news.image, `Instance '${news.name ?? id}'`);
  const power = await readPowerState(context, id, olds.outputs, isJob(olds.inputs) || isJob(news));
  const steps = planInstanceUpdate(olds.inputs, news, power);
  const item = await applySteps(context, id, steps, olds, news);
  // A create that failed after it made the instance left it unfinished.
  await finishInstance(context, item);
  return toOutputs(item, news);
}

const unlabelled: Lifecycle<typeof instanceInputs, typeof instanceOutputs, ProviderContext> = {
  findAdoptable,
  describeUpdate: (olds, news, outputs) =>
    describeInstanceUpdate(olds, news, lastPowerState(outputs, isJob(olds) || isJob(news))),

  async findNameHolder(context, id) {
    const item = await findInstance(context, { uuid: [id] });
    return item === undefined ? undefined : holderByMark(item.tags, context.ownership);
  },

  async create(unlimited, inputs) {
    const adopted = inputs.adopt ? await adoptExisting(unlimited, inputs) : undefined;
    if (adopted !== undefined) return adopted;
    await waitForImage(unlimited, inputs.image, `Instance '${inputs.name ?? ""}'`);
    const timeoutMs = unlimited.timeouts.createMs + stableTimeMs(inputs);
    const context = withTimeLimit(unlimited, timeoutMs, `Creating instance '${inputs.name ?? ""}'`);
    const created = await createOrResumeInstance(context, inputs);
    try {
      const item = inputs.autostart
        ? await waitUntilUp(context, {
            item: created,
            inputs,
            before: NEVER_STARTED,
            isNew: true,
            secretInputs: secretInputsOf(inputs),
          })
        : await waitUntilReadable(context, created.uuid);
      warnWithoutMemory(context, inputs, item);
      // The image of a deleted one may be unknown.
      const isGone = item.state === "deleted";
      if (!isGone || item.image !== undefined) verifyExpected(item, inputs);
      // Last, because an instance that failed before must be deletable.
      if (!isGone) await finishInstance(context, item, inputs);
      return { id: created.uuid, outputs: toOutputs(item, inputs) };
    } catch (error) {
      if (takesOver(inputs) || UnikernelError.has(error, "IMAGE_MISMATCH", "NOT_FOUND")) {
        // It cannot become usable, or its predecessor stays in use: delete it, so that the next up creates a new one. Any other one whose
        // guest stopped is kept for its console log; the next up starts it again.
        if (await tryDelete(forCleanup(context), created.uuid, !UnikernelError.has(error, "NOT_FOUND")))
          throw takesOver(inputs) ? withoutSuccessor(error, created) : error;
      }
      throw await initFailure(context, created.uuid, { inputs, outputs: {}, pendingStart: inputs.autostart }, error);
    }
  },

  async read(context, id, inputs) {
    const isNamed = isImport(inputs) && !isUuid(id);
    const item = isNamed ? await findInstance(context, { name: [id] }) : await context.reader.instance(id);
    if (item === undefined) return undefined;
    const pending = isStartMissing(item, isJob(inputs)) ? { [PENDING_START_KEY]: true } : {};
    return { id: item.uuid, inputs: readInputs(item, inputs), outputs: { ...toOutputs(item, inputs), ...pending } };
  },

  inspectInputs: inspectName,
  update: updateInstance,

  async delete(context, id, olds) {
    const item = await findInstance(context, { uuid: [id] });
    if (item === undefined) return;
    if (item.delete_lock === true) {
      throw new UnikernelError("NOT_ALLOWED", `Instance '${item.name}' is locked against deletion.`, {
        property: "deleteLock",
        hint: "Set deleteLock to false, run 'pulumi up', then delete it.",
      });
    }
    // Stop it cleanly first, so that the program can write buffered data to its volumes.
    const { drainTimeoutMs } = olds.inputs;
    const { deleteMs } = context.timeouts;
    const attempted = `Deleting instance '${item.name}'`;
    const limited = withTimeLimit(context, timeoutWithDrainMs(deleteMs, drainTimeoutMs) + FORCED_DELETE_MS, attempted);
    await drainAndDelete(limited, item, { drainTimeoutMs, timeoutMs: deleteMs });
  },
};

/** The lifecycle of an Instance. */
export const lifecycle = withLabels(
  {
    kind: "Instance",
    prefix: "",
    // Nothing wakes an instance without a service.
    workloadOf: (inputs) => ((inputs.service ?? inputs.serviceGroup) === undefined ? undefined : inputs),
    withScaleToZero: (inputs, scaleToZero) => ({ ...inputs, scaleToZero }),
  },
  withKernelChecks({ prefix: "", workloadOf: (inputs) => inputs }, unlabelled),
);
