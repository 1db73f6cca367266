/** Volume: a disk that outlives instances. */
import * as z from "zod";
import { type Client, onlyItem } from "../api/client";
import { ITEM_CODES } from "../api/codes";
import { adoptAfterLostAnswer } from "../api/lostAnswer";
import type { VolumeItem } from "../api/models";
import { UnikernelError, blame } from "../base/errors";
import { defineResource, field } from "../definition/define";
import { PartialFailure } from "../definition/partial";
import type { ProviderContext } from "./context";
import { nameField } from "./fields";

const inputs = z.strictObject({
  name: nameField("volume"),
  sizeMb: field(z.int().min(1).max(1_048_576), {
    description:
      "Size in MiB, 1 to 1,048,576 within the account's quota. Can grow while no instance runs with it; never shrinks.",
  }),
});

const outputs = z.object({
  filesystem: field(z.string(), { description: "File system on the volume, such as `ext4`." }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
});

const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 200;

const toOutputs = (item: VolumeItem): z.output<typeof outputs> => ({
  filesystem: item.filesystem ?? "ext4",
  createdAt: item.created_at ?? "",
});

/** `undefined` only when the API says that it does not exist. */
async function find(client: Client, id: string): Promise<VolumeItem | undefined> {
  const reply = await client.getVolumes({ query: { uuid: [id] } });
  if (reply.items[0]?.error === ITEM_CODES.NotFound) return undefined;
  return onlyItem(reply, `Reading volume '${id}'`);
}

async function waitUntilReady(context: ProviderContext, id: string): Promise<VolumeItem> {
  const deadline = context.clock.now() + READY_TIMEOUT_MS;
  for (;;) {
    const item = onlyItem(await context.client.getVolumes({ query: { uuid: [id] } }), `Reading volume '${id}'`);
    if (item.state !== "uninitialized" && item.state !== "initializing" && item.state !== "busy") {
      if (item.state !== "error") return item;
      throw new UnikernelError(
        "OPERATION_FAILED",
        `Volume '${item.name}' could not be made: ${item.message ?? "its state is 'error'"}.`,
      );
    }
    if (context.clock.now() > deadline) {
      throw new UnikernelError(
        "WAIT_TIMEOUT",
        `Volume '${item.name}' is still '${item.state}' after ${READY_TIMEOUT_MS / 1000} s.`,
      );
    }
    await context.clock.sleep(POLL_MS, context.signal);
  }
}

/** The Volume resource. */
export const volume = defineResource({
  kind: "Volume",
  description: "A persistent disk. It belongs to one metro and outlives the instances that mount it.",
  inputs,
  outputs,
  rules: [
    {
      reads: ["sizeMb"],
      test: ({ sizeMb }, olds) => {
        const before = olds["sizeMb"];
        return typeof before === "number" && sizeMb < before
          ? [
              {
                property: "sizeMb",
                reason: `cannot shrink from ${before} to ${sizeMb} MiB: that would destroy data. Make a second volume and copy.`,
              },
            ]
          : [];
      },
    },
  ],

  async create(context: ProviderContext, { name = "", sizeMb }) {
    const created = await adoptAfterLostAnswer(
      async () =>
        onlyItem(await context.client.createVolume({ body: { name, size_mb: sizeMb } }), `Creating volume '${name}'`),
      async () => (await context.client.getVolumes({ query: { name: [name] } })).items[0],
    ).catch((error: unknown) => {
      throw blame(error, { ALREADY_EXISTS: { property: "name" }, QUOTA_EXCEEDED: { property: "sizeMb" } });
    });
    try {
      return { id: created.uuid, outputs: toOutputs(await waitUntilReady(context, created.uuid)) };
    } catch (error) {
      throw new PartialFailure(created.uuid, toOutputs(created), error);
    }
  },

  async read({ client }, id, inputs) {
    const item = await find(client, id);
    if (item === undefined) return undefined;
    return { inputs: { ...inputs, name: item.name, sizeMb: item.size_mb ?? inputs.sizeMb }, outputs: toOutputs(item) };
  },

  async update(context, id, olds, { sizeMb }) {
    if (sizeMb !== olds.inputs.sizeMb) {
      const reply = await context.client.patchVolumes({
        body: [{ uuid: id, prop: "size_mb", op: "set", value: sizeMb }],
      });
      onlyItem(reply, `Growing volume '${olds.inputs.name ?? id}' to ${sizeMb} MiB`);
    }
    return toOutputs(await waitUntilReady(context, id));
  },

  async delete({ client }, id, olds) {
    const reply = await client.deleteVolumes({ body: [{ uuid: id }] });
    if (reply.items[0]?.error === ITEM_CODES.NotFound) return;
    onlyItem(reply, `Deleting volume '${olds.inputs.name ?? id}'`);
  },
});
