/** Changes of replicas that keep running, or that a rollout in place has stopped. */
import { isDeepStrictEqual } from "node:util";
import { type Client, allItems, onlyItem } from "../../client/client";
import type { CreateInstanceRequest, InstanceItem, InstanceProp, ReadinessProbe } from "../../contract/models";
import { UnikernelError } from "../../base/errors";
import type { ProviderContext } from "../context";
import { sendPatches } from "../common/clearing";
import type { PlannedOperation } from "../common/patchOperation";
import { type WireCodec, isSameOnWire } from "../common/wire";
import type { Workload } from "../workload/inputs";
import { digestIn } from "../workload/request";
import { WORKLOAD_WIRE } from "../workload/wire";
import { observedTemplate, type Template } from "./replicaTemplate";

/** A PATCH of the property that an input sets. */
interface TemplatePatch extends PlannedOperation<InstanceProp> {
  readonly input: string;
}

const codecs = Object.entries(WORKLOAD_WIRE) as unknown as readonly [keyof Workload, WireCodec<Workload, unknown>][];

/**
 * Changed inputs, and those whose current values do not show whether they changed: an image without a digest, since the metro reports
 * no tag, and arguments that are left to the server.
 */
function changedInputs(template: Template, instance: InstanceItem) {
  const found = observedTemplate(template, instance);
  return codecs.filter(
    ([input, wire]) =>
      input !== "tags" &&
      (!isSameOnWire(wire, found, template) ||
        (input === "image" && digestIn(template.image) === undefined) ||
        (input === "args" && wire.encode(template) === undefined && (instance.args ?? []).length > 0)),
  );
}

/**
 * Gives a stopped replica the template. Its tags say so last.
 *
 * @param request the request of a new replica: its tags and its readiness probe
 *
 * Throws `NOT_SUPPORTED` for a change that only a new replica can have, or the client's errors.
 */
export async function changeInPlace(
  context: ProviderContext,
  instance: InstanceItem,
  template: Template,
  request: CreateInstanceRequest,
): Promise<void> {
  const { client } = context;
  const { uuid, name } = instance;
  const changes = changedInputs(template, instance);
  const fixed = changes.filter(([, { prop }]) => prop === undefined).map(([input]) => input);
  if (fixed.length > 0)
    throw new UnikernelError("NOT_SUPPORTED", `Instance '${name}' cannot change ${fixed.join(", ")} in place.`, {
      property: `template.${fixed[0] ?? ""}`,
      hint: "Use another 'rollout.strategy', such as 'rolling'.",
    });
  const patches = changes.flatMap(([input, wire]): readonly TemplatePatch[] => {
    const value = (wire.encodePatch ?? wire.encode)(template);
    if (wire.prop === undefined) return [];
    return [{ input, prop: wire.prop, ...(value === undefined ? { op: "clear" } : { op: "set", value }) }];
  });
  if (patches.length > 0) {
    const errors = await sendPatches(context.clearing, patches, {
      describe: (verb, { input }) => `${verb} ${input} of instance '${name}'`,
      send: (operations) => client.patchInstances({ body: operations.map((operation) => ({ uuid, ...operation })) }),
      findUncleared: async (cleared) => {
        const item = onlyItem(await client.getInstances({ query: { uuid: [uuid] } }), `Reading instance '${name}'`);
        const still = new Set(changedInputs(template, item).map(([input]) => String(input)));
        // Cleared arguments are those of the image, which may be some.
        return cleared.filter(({ input }) => input !== "args" && still.has(input));
      },
    });
    const [error] = errors.values();
    if (error !== undefined) throw error;
  }
  await setProbe(client, [instance], request.readiness_probe);
  const tags = { uuid, prop: "tags", op: "set", value: [...(request.tags ?? [])] } as const;
  onlyItem(await client.patchInstances({ body: [tags] }), `Changing tags of instance '${name}'`);
}

/** Gives replicas this readiness probe, in any state; those that have it are left alone. */
export async function setProbe(
  client: Client,
  instances: readonly InstanceItem[],
  probe: ReadinessProbe | undefined,
): Promise<void> {
  const body = instances
    .filter(({ readiness_probe }) => !isDeepStrictEqual(readiness_probe ?? undefined, probe))
    .map(({ uuid }) =>
      probe === undefined
        ? ({ uuid, prop: "readiness_probe", op: "del" } as const)
        : ({ uuid, prop: "readiness_probe", op: "set", value: probe } as const),
    );
  if (body.length > 0) allItems(await client.patchInstances({ body }), "Changing the gate of the replicas");
}
