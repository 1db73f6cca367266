/** Instance: one unikernel virtual machine. */
import * as z from "zod";
import { type Client, onlyItem } from "../api/client";
import { ITEM_CODES } from "../api/codes";
import { adoptAfterLostAnswer } from "../api/lostAnswer";
import type { InstanceItem } from "../api/models";
import { guestStopped, isUp, waitFor } from "../api/wait";
import { UnikernelError, blame } from "../base/errors";
import { defineResource, field } from "../definition/define";
import { PartialFailure } from "../definition/partial";
import { drain, remove } from "../rollout/members";
import type { ProviderContext } from "./context";
import { GUEST, guestFields, nameField } from "./fields";
import { digestIn, guestBlames, toRequest, verifiedDigest } from "./guest";

const guest = guestFields();

const inputs = z.strictObject({
  name: nameField("instance"),
  image: field(guest.image, { description: GUEST.image, onChange: "replace" }),
  args: field(guest.args, { description: GUEST.args, onChange: "replace" }),
  env: field(guest.env, { description: GUEST.env, onChange: "replace", secret: true }),
  memoryMb: field(guest.memoryMb, { description: GUEST.memoryMb, onChange: "replace" }),
  vcpus: field(guest.vcpus, { description: GUEST.vcpus, onChange: "replace" }),
  volumes: field(guest.volumes, { description: GUEST.volumes, onChange: "replace", unordered: true }),
  restartPolicy: field(guest.restartPolicy.default("never"), {
    description: "`never`, `always`, or `on-failure` (after a crash or an exit code other than 0). Default `never`.",
    onChange: "replace",
  }),
});

const outputs = z.object({
  digest: field(z.string(), { description: "Digest of the image that runs." }),
  state: field(z.string(), { description: "State when last looked at, such as `running`." }),
  privateIp: field(z.string(), { description: "Address in the metro's private network." }),
  privateFqdn: field(z.string(), { description: "Name in the metro's private network: `<name>.internal`." }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
});

type Outputs = z.output<typeof outputs>;

/** Time for a created instance to run. */
const START_TIMEOUT_MS = 300_000;
/** A program that exits at once does so within this time of being started. */
const SETTLE_MS = 500;

const toOutputs = (item: InstanceItem): Outputs => ({
  digest: digestIn(item.image ?? "") ?? "",
  state: item.state ?? "",
  privateIp: item.private_ip ?? "",
  privateFqdn: item.private_fqdn ?? "",
  createdAt: item.created_at ?? "",
});

async function find(client: Client, id: string): Promise<InstanceItem | undefined> {
  const reply = await client.getInstances({ query: { uuid: [id] } });
  const item = reply.items[0];
  if (item?.error === ITEM_CODES.NotFound || item?.state === "deleted") return undefined;
  return onlyItem(reply, `Reading instance '${id}'`);
}

/** Waits until it runs the asked digest and has not exited at once. */
async function settle(context: ProviderContext, id: string, image: string): Promise<Outputs> {
  const { client, clock, signal } = context;
  await waitFor(client, id, isUp, { timeoutMs: START_TIMEOUT_MS, clock, signal });
  await clock.sleep(SETTLE_MS, signal);
  const settled = await find(client, id);
  if (settled === undefined) throw new UnikernelError("NOT_FOUND", `Instance '${id}' vanished while it started.`);
  const verdict = isUp(settled);
  if (verdict.is === "failed") throw await guestStopped(client, settled, verdict.because);
  verifiedDigest(settled, image);
  return toOutputs(settled);
}

/** The Instance resource. */
export const instance = defineResource({
  kind: "Instance",
  description:
    "A unikernel virtual machine. One that serves the public belongs into a Service, which also updates it without a gap.",
  inputs,
  outputs,
  // A volume can be attached to one instance only.
  deleteBeforeReplace: ({ volumes }) => Array.isArray(volumes) && volumes.length > 0,

  async create(context: ProviderContext, inputs) {
    const { name = "" } = inputs;
    const created = await adoptAfterLostAnswer(
      async () =>
        onlyItem(
          await context.client.createInstance({ body: toRequest(inputs, { name }) }),
          `Creating instance '${name}'`,
        ),
      async () => (await context.client.getInstances({ query: { name: [name] } })).items[0],
    ).catch((error: unknown) => {
      throw blame(error, { ...guestBlames(""), ALREADY_EXISTS: { property: "name" } });
    });
    try {
      return { id: created.uuid, outputs: await settle(context, created.uuid, inputs.image) };
    } catch (error) {
      if (UnikernelError.has(error, "GUEST_STOPPED", "IMAGE_MISMATCH", "NOT_FOUND")) {
        // It will never be what was asked for; leave nothing behind, so that the next up starts afresh.
        const isGone = await remove(context.client, [created.uuid]).then(
          () => true,
          () => false,
        );
        if (isGone) throw error;
      }
      throw new PartialFailure(created.uuid, { ...toOutputs(created) }, error);
    }
  },

  async read({ client }, id, inputs) {
    const item = await find(client, id);
    if (item === undefined) return undefined;
    const runs = digestIn(item.image ?? "");
    const asked = digestIn(inputs.image);
    return {
      inputs: {
        ...inputs,
        name: item.name,
        // A tag can be compared with nothing, on either side.
        image: asked !== undefined && runs !== undefined && runs !== asked ? (item.image ?? "") : inputs.image,
        env: item.env ?? inputs.env,
        memoryMb: item.memory_mb ?? inputs.memoryMb,
        vcpus: item.vcpus ?? inputs.vcpus,
      },
      outputs: toOutputs(item),
    };
  },

  /** Only reached after a create that did not finish: every field of a finished one replaces it. */
  async update(context, id, olds, news) {
    const item = await find(context.client, id);
    if (item?.state === "stopped") {
      onlyItem(await context.client.startInstances({ body: [{ uuid: id }] }), `Starting instance '${item.name}'`);
    }
    try {
      return await settle(context, id, news.image);
    } catch (error) {
      throw new PartialFailure(id, { ...olds.outputs }, error);
    }
  },

  async delete(context, id) {
    if ((await find(context.client, id)) === undefined) return;
    // A clean stop first, so that what the program still holds reaches its volumes.
    await drain(context, id, 0);
  },
});
