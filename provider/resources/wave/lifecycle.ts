/** How a RolloutWave is created, read, updated and deleted. It is no object of the metro: a create and an update wait. */
import { UnikernelError } from "../../base/errors";
import type { Lifecycle } from "../../definition/resource";
import { type ProviderContext, withTimeLimit } from "../context";
import { bake } from "./bake";
import { bakeStep } from "./describe";
import type { WaveInputs, waveInputs } from "./inputs";
import { runningTag } from "./members";
import { observeServices } from "./observe";
import { assertTags } from "./passed";
import { type WaveOutputs, revisionsByTag, type waveOutputs } from "./outputs";

/**
 * The revision of a tag that never passed: a bake that was killed or failed. It is that of no template, so the next update bakes. The hash in
 * the tag would not do, since it is the revision of a template too.
 */
const notPassed = (tag: string): string => `not passed: ${tag || "no template"}`;

/** Waits until the wave has passed. Throws as `bake` does, or `STATE_CONFLICT` if its services run something else. */
async function passWave(unlimited: ProviderContext, inputs: WaveInputs): Promise<WaveOutputs> {
  const { name, services, bakeTimeMs } = inputs;
  const context = withTimeLimit(unlimited, unlimited.timeouts.updateMs + bakeTimeMs, `Waiting for wave '${name}'`);
  const observed = await observeServices(context, services);
  const gone = services.find(({ uuid }) => observed.every(({ service }) => service.uuid !== uuid));
  if (gone !== undefined)
    throw new UnikernelError("NOT_FOUND", `Wave '${name}': service '${gone.name}' does not exist in this metro.`, {
      hint: "Run 'pulumi refresh', then 'pulumi up'.",
    });
  assertTags(inputs, observed);
  await bake(context, inputs, observed);
  unlimited.printProgress(`Wave '${name}': has passed.`);
  return { passedAt: new Date(context.clock.now()).toISOString(), revisions: revisionsByTag(inputs) };
}

/** The lifecycle of a RolloutWave. */
export const lifecycle: Lifecycle<typeof waveInputs, typeof waveOutputs, ProviderContext> = {
  describeUpdate: (_olds, news) => [bakeStep(news)],

  async create(context, inputs) {
    const outputs = await passWave(context, inputs);
    return { id: `${inputs.name}-${context.ownership?.resourceHash ?? "wave"}`, outputs };
  },

  /** What the services run now. A wave whose services are gone is gone too. */
  async read(context, _id, inputs, outputs = {}) {
    const { services = [], tags = {} } = inputs as Partial<WaveInputs>;
    if (services.length === 0) return undefined;
    const observed = await observeServices(context, services);
    if (observed.length === 0) return undefined;
    const known = (outputs["revisions"] ?? {}) as WaveOutputs["revisions"];
    const now = observed.map(({ service, replicas }) => {
      const tag = runningTag(replicas, tags[service.name]);
      if (tag === undefined || tag === tags[service.name]) return { service, tag: tags[service.name] };
      return { service: { ...service, revision: known[tag] ?? notPassed(tag) }, tag };
    });
    return {
      inputs: {
        ...inputs,
        services: now.map(({ service }) => service),
        ...(inputs.tags === undefined
          ? {}
          : {
              tags: Object.fromEntries(
                now.flatMap(({ service, tag }) => (tag === undefined ? [] : [[service.name, tag] as const])),
              ),
            }),
      },
      outputs: { passedAt: String(outputs["passedAt"] ?? ""), revisions: known },
    };
  },

  async update(context, _id, { outputs: before }, news) {
    const { revisions, passedAt } = await passWave(context, news);
    return { passedAt, revisions: { ...lastRevisions(before), ...revisions } };
  },

  delete: () => Promise.resolve(),
};

/** Of the state before, the revisions of the last pass: one more would be kept with every update. */
function lastRevisions(before: object): WaveOutputs["revisions"] {
  const { revisions = {}, tags = {} } = before as Partial<WaveOutputs & Pick<WaveInputs, "tags">>;
  const last = Object.values(tags ?? {});
  return Object.fromEntries(Object.entries(revisions).filter(([tag]) => last.includes(tag)));
}
