/** Instance: one unikernel virtual machine. */
import { onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import { adoptAfterLostAnswer } from "../../client/transport/createOrRecover";
import type { InstanceItem } from "../../contract/models";
import { UnikernelError, blame } from "../../base/errors";
import { type Properties, defineResource } from "../../definition/resource";
import { drain } from "../../rollout/instances";
import { diff } from "../../definition/diff";
import { mustChangeToAdopt } from "../common/adopt";
import type { ProviderContext } from "../context";
import { isUuid } from "../common/fields";
import { guestBlames } from "../workload/request";
import { type InstanceInputs, instanceInputs } from "./inputs";
import { findInstance, givenIn, halfMade, powerIn, powerNow, seen, settle, verified } from "./operations";
import { type InstanceOutputs, instanceOutputs, toOutputs } from "./outputs";
import { describeInstanceUpdate, patchOf, planInstanceUpdate } from "./plan";
import { instanceDemands, instanceRules } from "./rules";
import { carryOut } from "./apply";
import { isForeign, readInputs, toCreateRequest } from "./wire";

const goesWhenStopped = ({ features }: Properties): boolean =>
  Array.isArray(features) && features.includes("delete-on-stop");

const shape = { inputs: instanceInputs, goesWhenStopped };

type Made = { id: string; outputs: InstanceOutputs };

/** Makes the instance, or finds what a create made whose answer was lost. */
async function make(context: ProviderContext, inputs: InstanceInputs): Promise<InstanceItem> {
  const { client } = context;
  const { name = "" } = inputs;
  return adoptAfterLostAnswer<InstanceItem>(
    context,
    async () => onlyItem(await client.createInstance({ body: toCreateRequest(inputs) }), `Creating instance '${name}'`),
    async () => (await client.getInstances({ query: { name: [name] } })).items[0],
    // The lock is set by a request of its own, which was not sent yet.
    (found) => diff(shape, { ...readInputs(found, inputs), deleteLock: inputs.deleteLock }, inputs).length === 0,
  ).catch((error: unknown) => {
    throw blame(error, { ...guestBlames(""), ALREADY_EXISTS: { property: "name" } });
  });
}

async function lock({ client }: ProviderContext, { uuid, name }: InstanceItem, inputs: InstanceInputs): Promise<void> {
  const patch = patchOf("deleteLock", inputs);
  if (!inputs.deleteLock || patch === undefined) return;
  const { prop, op, value } = patch;
  onlyItem(await client.patchInstances({ body: [{ uuid, prop, op, value }] }), `Locking instance '${name}'`);
}

/** Deletes it. Returns whether it is gone: that one which was never seen is not there to be deleted says nothing. */
const discard = ({ client }: ProviderContext, uuid: string, wasSeen: boolean): Promise<boolean> =>
  client.deleteInstances({ body: [{ uuid }] }).then(
    ({ items: [item] }) =>
      item !== undefined && (item.status !== "error" || (wasSeen && item.error === ITEM_CODES.NotFound)),
    () => false,
  );

/** Brings an instance that exists to what is asked for; `undefined` when there is none of the name. */
async function takeOver(context: ProviderContext, inputs: InstanceInputs): Promise<Made | undefined> {
  const { name = "" } = inputs;
  const item = await findInstance(context, { name: [name] });
  if (item === undefined) return undefined;
  const found = readInputs(item, inputs);
  const outputs = toOutputs(item, inputs);
  const mustChange = mustChangeToAdopt(shape, `Instance '${name}'`, found, inputs);
  if (!mustChange) return { id: item.uuid, outputs };
  return { id: item.uuid, outputs: await change(context, item.uuid, { inputs: found, outputs }, inputs) };
}

async function change(
  context: ProviderContext,
  id: string,
  olds: { readonly inputs: InstanceInputs; readonly outputs: InstanceOutputs },
  news: InstanceInputs,
): Promise<InstanceOutputs> {
  const steps = planInstanceUpdate(olds.inputs, news, await powerNow(context, id, olds.outputs));
  return toOutputs(await carryOut(context, id, steps, olds, news), news);
}

/** The Instance resource. */
export const instance = defineResource({
  kind: "Instance",
  description:
    "A unikernel virtual machine. One that serves the public belongs into a Service, which also updates it without a gap.",
  inputs: instanceInputs,
  outputs: instanceOutputs,
  rules: instanceRules,
  demands: instanceDemands,
  describeUpdate: (olds, news, outputs) => describeInstanceUpdate(olds, news, powerIn(outputs)),
  // What one instance holds, its successor cannot have at the same time.
  deleteBeforeReplace: ({ volumes, serviceGroup, networkInterfaces }) =>
    [volumes, networkInterfaces].some((held) => Array.isArray(held) && held.length > 0) || claimsName(serviceGroup),

  goesWhenStopped,

  async create(context: ProviderContext, inputs) {
    const adopted = inputs.adopt ? await takeOver(context, inputs) : undefined;
    if (adopted !== undefined) return adopted;
    const made = await make(context, inputs);
    try {
      const item = inputs.autostart
        ? await settle(
            context,
            made.uuid,
            { image: inputs.image, isNew: true, given: givenIn(inputs) },
            context.timeouts.createMs,
          )
        : verified(await seen(context, made.uuid), inputs);
      // Last, since what fails before is removed again.
      await lock(context, made, inputs);
      return { id: made.uuid, outputs: toOutputs(item, inputs) };
    } catch (error) {
      if (UnikernelError.has(error, "GUEST_STOPPED", "IMAGE_MISMATCH", "NOT_FOUND")) {
        // It will never be what was asked for; leave nothing behind, so that the next up starts afresh.
        if (await discard(context, made.uuid, !UnikernelError.has(error, "NOT_FOUND"))) throw error;
      }
      throw await halfMade(context, made.uuid, { inputs, outputs: {}, owesStart: inputs.autostart }, error);
    }
  },

  async read(context, id, inputs) {
    const isNamed = isForeign(inputs) && !isUuid(id);
    const item = isNamed ? await findInstance(context, { name: [id] }) : await context.reader.instance(id);
    if (item === undefined) return undefined;
    return { id: item.uuid, inputs: readInputs(item, inputs), outputs: toOutputs(item, inputs) };
  },

  update: change,

  async delete(context, id, olds) {
    const item = await findInstance(context, { uuid: [id] });
    if (item === undefined) return;
    if (item.delete_lock === true) {
      throw new UnikernelError("NOT_ALLOWED", `Instance '${item.name}' is locked against deletion.`, {
        property: "deleteLock",
        hint: "Set deleteLock to false, run 'pulumi up', and delete it then.",
      });
    }
    // A clean stop first, so that what the program still holds reaches its volumes.
    const { drainTimeoutMs } = olds.inputs;
    await drain(context, id, { drainTimeoutMs, timeoutMs: context.timeouts.deleteMs });
  },
});

/** A group's name and its domains belong to one group at a time. */
function claimsName(serviceGroup: unknown): boolean {
  const { name, domains } = (serviceGroup ?? {}) as { name?: unknown; domains?: unknown };
  return name !== undefined || (Array.isArray(domains) && domains.length > 0);
}
