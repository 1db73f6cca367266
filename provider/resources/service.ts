/** Service: published ports, and replicas of a template behind them that are replaced without a gap. */
import * as crypto from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { type Client, isLoopback, onlyItem } from "../api/client";
import { ITEM_CODES } from "../api/codes";
import { adoptAfterLostAnswer } from "../api/lostAnswer";
import type { InstanceItem, ServiceItem, ServicePort } from "../api/models";
import { answers } from "../api/wait";
import { defineResource, field, objectType } from "../definition/define";
import { UnikernelError, blame } from "../base/errors";
import { PartialFailure } from "../definition/partial";
import { roll } from "../rollout/execute";
import { drain, observe } from "../rollout/members";
import type { ProviderContext } from "./context";
import { nameField } from "./fields";
import { digestIn, fingerprint, guestBlames, toRequest, verifiedDigest } from "./guest";
import { guestFields, imageField, imagePullField } from "./guestFields";
import { checkPorts, fromWirePorts, hostOf, portBlames, publishedPort, toWirePort, urlOf } from "./ports";
import { checkRollout, rolloutInput, toPolicy } from "./rollout";

const template = objectType(
  "InstanceTemplate",
  "What every replica runs.",
  z.strictObject({ image: imageField(), imagePull: imagePullField(), ...guestFields("always") }),
);

const MAX_REPLICAS = 64;
const DEFAULT_ROLLOUT = rolloutInput.parse({});

const inputs = z.strictObject({
  name: nameField("service"),
  ports: field(z.array(publishedPort).min(1), {
    description:
      "Published ports; changed in place, before a changed template is rolled out: give a program a new port of its own in two updates.",
    unordered: true,
  }),
  replicas: field(z.int().min(0).max(MAX_REPLICAS).default(1), {
    description: `Instances of the template, 0 to ${MAX_REPLICAS}. Default 1.`,
  }),
  template: field(template, {
    description: "What every replica runs. A change replaces the replicas as `rollout` says.",
  }),
  rollout: field(rolloutInput.default(DEFAULT_ROLLOUT), {
    description: "How replicas are replaced. Default: one by one, each new one first.",
  }),
});
type Inputs = z.output<typeof inputs>;

const outputs = z.object({
  url: field(z.string(), { description: "Address of the service: `https://…` when a port has the `tls` handler." }),
  fqdn: field(z.string(), { description: "Domain name that the metro gave the service." }),
  digest: field(z.string(), { description: "Digest of the image that the replicas run; empty without replicas." }),
  instances: field(
    z.array(
      objectType(
        "ServiceInstance",
        "A replica.",
        z.object({
          uuid: field(z.string(), { description: "UUID of the instance." }),
          name: field(z.string(), { description: "Name of the instance." }),
        }),
      ),
    ),
    { description: "The replicas." },
  ),
});
type Outputs = z.output<typeof outputs>;

/** Marks instances that a Service resource made; others in the same service group are left alone. */
const MANAGED_TAG = "managed-by:pulumi-unikernel";
const templateTag = (inputs: Inputs) => `template:${fingerprint(inputs.template)}`;
const isManaged = (instance: InstanceItem) => (instance.tags ?? []).includes(MANAGED_TAG);

/** Made from this template, and running the image it asks for, as far as the platform says already what runs. */
const isNew = (inputs: Inputs) => (instance: InstanceItem) => {
  const wanted = digestIn(inputs.template.image);
  const runs = digestIn(instance.image ?? "");
  return (
    (instance.tags ?? []).includes(templateTag(inputs)) &&
    (wanted === undefined || runs === undefined || runs === wanted)
  );
};

async function find(client: Client, id: string): Promise<ServiceItem | undefined> {
  const reply = await client.getServices({ query: { uuid: [id] } });
  if (reply.items[0]?.error === ITEM_CODES.NotFound) return undefined;
  return onlyItem(reply, `Reading service '${id}'`);
}

function toOutputs(item: ServiceItem, inputs: Inputs, instances: readonly InstanceItem[]): Outputs {
  const fqdn = (item.domains?.[0]?.fqdn ?? "").replace(/\.$/, "");
  return {
    url: fqdn === "" ? "" : urlOf(hostOf(fqdn), inputs.ports),
    fqdn,
    digest: digestIn(instances[0]?.image ?? "") ?? "",
    instances: instances.map(({ uuid, name }) => ({ uuid, name })),
  };
}

/** Brings the replicas to what the inputs ask for; throws with the old ones still serving. */
async function rollOut(context: ProviderContext, item: ServiceItem, inputs: Inputs): Promise<Outputs> {
  const before = toOutputs(item, inputs, []);
  const instances = await roll({
    client: context.client,
    clock: context.clock,
    signal: context.signal,
    service: item,
    url:
      inputs.ports.some((entry) => entry.handlers.includes("tls")) && isLoopback(before.url)
        ? undefined
        : before.url || undefined,
    policy: toPolicy(inputs.replicas, inputs.template, inputs.rollout),
    isManaged,
    isNew: isNew(inputs),
    request: () =>
      toRequest(inputs.template, {
        name: `${item.name.slice(0, 57)}-${crypto.randomBytes(3).toString("hex").slice(0, 5)}`,
        tags: [MANAGED_TAG, templateTag(inputs)],
        service_group: { uuid: item.uuid },
      }),
    blames: guestBlames("template."),
  });
  for (const instance of instances) verifiedDigest(instance, inputs.template.image);
  return toOutputs(item, inputs, instances);
}

/** The replicas that serve; none when that cannot be told. */
const servingNow = (context: ProviderContext, item: ServiceItem): Promise<readonly InstanceItem[]> =>
  observe(context, item, isManaged).then(
    (instances) => instances.filter((instance) => answers(instance).is === "met"),
    () => [],
  );

async function setPorts(client: Client, id: string, value: readonly ServicePort[], attempted: string): Promise<void> {
  onlyItem(await client.patchServices({ body: [{ uuid: id, prop: "services", op: "set", value }] }), attempted);
}

const firstCause = (error: unknown): unknown =>
  UnikernelError.has(error, "ROLLOUT_FAILED") && UnikernelError.is(error.cause) ? error.cause : error;

/** The Service resource. */
export const service = defineResource({
  kind: "Service",
  description:
    "Published ports, and replicas of a template behind them. A changed template replaces the replicas one by one; clients see no gap.",
  inputs,
  outputs,
  rules: [
    { reads: ["ports"], test: ({ ports }) => checkPorts(ports) },
    {
      reads: ["replicas", "template", "rollout"],
      test: ({ replicas, template, rollout }) => checkRollout(replicas, template, rollout),
    },
  ],

  async create(context: ProviderContext, inputs) {
    const { client } = context;
    const { name = "" } = inputs;
    const created = await adoptAfterLostAnswer(
      async () =>
        onlyItem(
          await client.createService({ body: { name, services: inputs.ports.map(toWirePort) } }),
          `Creating service '${name}'`,
        ),
      async () => (await client.getServices({ query: { name: [name] } })).items[0],
    ).catch((error: unknown) => {
      throw blame(error, portBlames(inputs.ports));
    });
    const item = (await find(client, created.uuid)) ?? created;
    try {
      return { id: item.uuid, outputs: await rollOut(context, item, inputs) };
    } catch (error) {
      const left = await observe(context, item, isManaged).catch(() => undefined);
      if (left?.length === 0) {
        // Nothing of it serves: leave nothing behind, so that the next up starts afresh.
        const gone = await client.deleteServices({ body: [{ uuid: item.uuid }] }).catch(() => undefined);
        // There was nothing to roll from: what went wrong is all there is to say.
        if (gone !== undefined && gone.items[0]?.status !== "error") throw firstCause(error);
      }
      throw new PartialFailure(item.uuid, toOutputs(item, inputs, await servingNow(context, item)), error);
    }
  },

  async read(context, id, inputs) {
    const item = await find(context.client, id);
    if (item === undefined) return undefined;
    const instances = await observe(context, item, isManaged);
    const foreign = instances.find((instance) => !isNew(inputs)(instance));
    const live = instances.filter((instance) => isNew(inputs)(instance) && answers(instance).is !== "failed").length;
    const observed = {
      ...inputs,
      name: item.name,
      ports: fromWirePorts(item.services, inputs.ports),
      // What runs another template, or is down, is no replica; where all are there, it is one too many.
      replicas: live === inputs.replicas ? instances.length : live,
      template:
        foreign === undefined ? inputs.template : { ...inputs.template, image: foreign.image ?? inputs.template.image },
    };
    return { inputs: observed, outputs: toOutputs(item, observed, instances) };
  },

  async update(context, id, olds, news) {
    const attempted = `Updating service '${news.name ?? id}'`;
    const item = onlyItem(await context.client.getServices({ query: { uuid: [id] } }), attempted);
    const wanted = news.ports.map(toWirePort);
    const had = fromWirePorts(item.services, news.ports).map(toWirePort);
    const changesPorts = !isDeepStrictEqual(wanted, had);
    try {
      // First, because new replicas are proved through the new ports.
      if (changesPorts) await setPorts(context.client, id, wanted, attempted);
      return await rollOut(context, item, news);
    } catch (thrown) {
      const serving = await servingNow(context, item);
      const isBack = !serving.some(isNew(news));
      // What goes on serving listens where the ports led before.
      if (changesPorts && isBack) await setPorts(context.client, id, had, attempted).catch(() => undefined);
      const { ports } = isBack ? olds.inputs : news;
      throw new PartialFailure(id, toOutputs(item, { ...news, ports }, serving), blame(thrown, portBlames(news.ports)));
    }
  },

  async delete(context, id, olds) {
    const { client } = context;
    const item = await find(client, id);
    if (item === undefined) return;
    const instances = await observe(context, item, isManaged);
    // A clean stop, so that what the programs still hold reaches their volumes.
    await Promise.all(instances.map((instance) => drain(context, instance.uuid, 0)));
    const reply = await client.deleteServices({ body: [{ uuid: id }] });
    if (reply.items[0]?.error === ITEM_CODES.NotFound) return;
    onlyItem(reply, `Deleting service '${olds.inputs.name ?? id}'`);
  },
});
