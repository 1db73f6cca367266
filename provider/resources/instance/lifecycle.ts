/** How an Instance is created, read, updated and deleted. */
import { onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import { createOrRecover } from "../../client/transport/createOrRecover";
import type { InstanceItem } from "../../contract/models";
import { UnikernelError, withErrorContext } from "../../base/errors";
import type { Lifecycle } from "../../definition/resource";
import { drainAndDelete, timeoutWithDrainMs } from "../../rollout/instances";
import { diff } from "../../definition/diff";
import { assertAdoptable } from "../common/adopt";
import { toPatchOperation } from "../common/patchOperation";
import { type ProviderContext, forCleanup, withTimeLimit } from "../context";
import { isUuid } from "../common/fields";
import { workloadErrorContext } from "../workload/request";
import { type InstanceInputs, deletedOnStop, instanceInputs } from "./inputs";
import {
  findInstance,
  secretInputsOf,
  initFailure,
  lastPowerState,
  readPowerState,
  waitUntilReadable,
  waitUntilStable,
  verifyExpected,
} from "./operations";
import { type InstanceOutputs, type instanceOutputs, toOutputs } from "./outputs";
import { describeInstanceUpdate, toInputPatch, planInstanceUpdate } from "./plan";
import { applySteps } from "./apply";
import { isImport, readInputs, toCreateRequest } from "./wire";

/** Time to delete an instance that did not stop in time. */
const FORCED_DELETE_MS = 60_000;

const diffDefinition = { inputs: instanceInputs, deletedOnStop };

type CreatedInstance = { id: string; outputs: InstanceOutputs };

/** Creates the instance, or finds it if the response to an earlier attempt was lost. */
async function createInstance(context: ProviderContext, inputs: InstanceInputs): Promise<InstanceItem> {
  const { client } = context;
  const { name = "" } = inputs;
  return createOrRecover<InstanceItem>(
    context,
    async () => onlyItem(await client.createInstance({ body: toCreateRequest(inputs) }), `Creating instance '${name}'`),
    async () => (await client.getInstances({ query: { name: [name] } })).items[0],
    // The delete lock is set by a separate request, which was not sent yet.
    (found) =>
      diff(diffDefinition, { ...readInputs(found, inputs), deleteLock: inputs.deleteLock }, inputs).length === 0,
  ).catch((error: unknown) => {
    throw withErrorContext(error, { ...workloadErrorContext(""), ALREADY_EXISTS: { property: "name" } });
  });
}

async function setDeleteLock(
  { client }: ProviderContext,
  { uuid, name }: InstanceItem,
  inputs: InstanceInputs,
): Promise<void> {
  const patch = toInputPatch("deleteLock", inputs);
  if (!inputs.deleteLock || patch === undefined) return;
  onlyItem(await client.patchInstances({ body: [{ uuid, ...toPatchOperation(patch) }] }), `Locking instance '${name}'`);
}

/** Deletes the instance; true if it is gone. `NotFound` counts only if it was readable before: a new one may not be visible yet. */
const tryDelete = ({ client }: ProviderContext, uuid: string, wasReadable: boolean): Promise<boolean> =>
  client.deleteInstances({ body: [{ uuid }] }).then(
    ({ items: [item] }) =>
      item !== undefined && (item.status !== "error" || (wasReadable && item.error === ITEM_CODES.NotFound)),
    () => false,
  );

/** Updates the existing instance of this name to match the inputs; undefined if there is none. */
async function adoptExisting(context: ProviderContext, inputs: InstanceInputs): Promise<CreatedInstance | undefined> {
  const { name = "" } = inputs;
  const item = await findInstance(context, { name: [name] });
  if (item === undefined) return undefined;
  const found = readInputs(item, inputs);
  const outputs = toOutputs(item, inputs);
  const changes = diff(diffDefinition, found, inputs);
  assertAdoptable(`Instance '${name}'`, changes);
  if (changes.length === 0) return { id: item.uuid, outputs };
  return { id: item.uuid, outputs: await updateInstance(context, item.uuid, { inputs: found, outputs }, inputs) };
}

async function updateInstance(
  context: ProviderContext,
  id: string,
  olds: { readonly inputs: InstanceInputs; readonly outputs: InstanceOutputs },
  news: InstanceInputs,
): Promise<InstanceOutputs> {
  const steps = planInstanceUpdate(olds.inputs, news, await readPowerState(context, id, olds.outputs));
  return toOutputs(await applySteps(context, id, steps, olds, news), news);
}

/** The lifecycle of an Instance. */
export const lifecycle: Lifecycle<typeof instanceInputs, typeof instanceOutputs, ProviderContext> = {
  describeUpdate: (olds, news, outputs) => describeInstanceUpdate(olds, news, lastPowerState(outputs)),

  async create(unlimited, inputs) {
    const adopted = inputs.adopt ? await adoptExisting(unlimited, inputs) : undefined;
    if (adopted !== undefined) return adopted;
    const context = withTimeLimit(unlimited, unlimited.timeouts.createMs, `Creating instance '${inputs.name ?? ""}'`);
    const created = await createInstance(context, inputs);
    try {
      const item = inputs.autostart
        ? await waitUntilStable(context, created.uuid, {
            image: inputs.image,
            isNew: true,
            secretInputs: secretInputsOf(inputs),
          })
        : verifyExpected(await waitUntilReadable(context, created.uuid), inputs);
      // Last, because an instance that failed before must be deletable.
      await setDeleteLock(context, created, inputs);
      return { id: created.uuid, outputs: toOutputs(item, inputs) };
    } catch (error) {
      if (UnikernelError.has(error, "GUEST_STOPPED", "IMAGE_MISMATCH", "NOT_FOUND")) {
        // It cannot become usable: delete it, so that the next up creates a new one.
        if (await tryDelete(forCleanup(context), created.uuid, !UnikernelError.has(error, "NOT_FOUND"))) throw error;
      }
      throw await initFailure(context, created.uuid, { inputs, outputs: {}, pendingStart: inputs.autostart }, error);
    }
  },

  async read(context, id, inputs) {
    const isNamed = isImport(inputs) && !isUuid(id);
    const item = isNamed ? await findInstance(context, { name: [id] }) : await context.reader.instance(id);
    if (item === undefined) return undefined;
    return { id: item.uuid, inputs: readInputs(item, inputs), outputs: toOutputs(item, inputs) };
  },

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
    await drainAndDelete(limited, id, { drainTimeoutMs, timeoutMs: deleteMs });
  },
};
