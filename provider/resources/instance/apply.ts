/** Carries out the plan of an Instance's update, step by step. */
import { isDeepStrictEqual } from "node:util";
import { onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import { itemFailure } from "../../client/errors/apiErrors";
import type { InstanceItem } from "../../contract/models";
import { waitUntilStopped } from "../../client/waitForInstance";
import { UnikernelError } from "../../base/errors";
import type { Properties } from "../../definition/resource";
import { withDrainMs } from "../../rollout/instances";
import type { ProviderContext } from "../context";
import { reference } from "../common/fields";
import type { InstanceInputs } from "./inputs";
import { givenIn, halfMade, isDown, present, settle, verified } from "./operations";
import type { PropertyPatch, Step } from "./plan";
import { isMeant } from "../common/reference";

/** An update while it is carried out. */
interface Run {
  readonly context: ProviderContext;
  readonly id: string;
  readonly olds: InstanceInputs;
  readonly news: InstanceInputs;
  /** The inputs as far as they were changed; at the beginning the old ones themselves. */
  asIs: InstanceInputs;
  /** Properties that were changed so far, as the API calls them. */
  readonly patched: Set<string>;
  stoppedHere: boolean;
  /** When it has to be done. */
  readonly deadlineMs: number;
}

const leftMs = ({ context, deadlineMs }: Run): number => Math.max(0, deadlineMs - context.clock.now());

/**
 * Carries out the steps in their order.
 *
 * Throws a `PartialFailure` with what is really there. An instance that was stopped for a change, of which nothing then was
 * made, is started again.
 */
export async function carryOut(
  context: ProviderContext,
  id: string,
  steps: readonly Step[],
  olds: { readonly inputs: InstanceInputs; readonly outputs: Properties },
  news: InstanceInputs,
): Promise<InstanceItem> {
  const { inputs } = olds;
  const drainTimeoutMs = steps.find((step) => step.do === "stop")?.drainTimeoutMs ?? 0;
  const deadlineMs = context.clock.now() + withDrainMs(context.timeouts.updateMs, drainTimeoutMs);
  const run: Run = {
    context,
    id,
    olds: inputs,
    news,
    asIs: inputs,
    patched: new Set(),
    stoppedHere: false,
    deadlineMs,
  };
  const starts = steps.some((step) => step.do === "start");
  try {
    let item = await present(context, id);
    for (const step of steps) item = await carryOutStep(run, item, step, starts);
    return item;
  } catch (error) {
    const isUpAgain = run.stoppedHere && run.asIs === run.olds && (await startAgain(context, id));
    const known = { inputs: run.asIs, outputs: olds.outputs, owesStart: starts && !isUpAgain };
    throw await halfMade(context, id, known, error);
  }
}

/** Starts what was stopped for nothing. False when that fails too: then the next update owes it. */
const startAgain = ({ client }: ProviderContext, id: string): Promise<boolean> =>
  client.startInstances({ body: [{ uuid: id }] }).then(
    ({ items }) => items.length > 0 && items[0]?.status !== "error",
    () => false,
  );

async function carryOutStep(run: Run, item: InstanceItem, step: Step, starts: boolean): Promise<InstanceItem> {
  const { context, id, news } = run;
  switch (step.do) {
    case "stop":
      if (isDown(item)) return item;
      await stop(run, item, step.drainTimeoutMs);
      return present(context, id);
    case "detach":
      await detach(run, item, step.mount);
      return item;
    case "patch":
      await patch(run, item, step.patches);
      return item;
    case "attach":
      await attach(run, item, step.mount);
      return item;
    case "start":
      if (item.state === "starting" || item.state === "running" || item.state === "standby") return item;
      onlyItem(await context.client.startInstances({ body: [{ uuid: id }] }), `Starting instance '${item.name}'`);
      return item;
    case "verify": {
      const given = [...givenIn(news), ...givenIn(run.olds)];
      const expected = { image: news.image, patched: run.patched, given };
      return starts ? settle(context, id, expected, leftMs(run)) : verified(await present(context, id), expected);
    }
    default:
      return step satisfies never;
  }
}

async function stop(run: Run, { name }: InstanceItem, drainTimeoutMs: number): Promise<void> {
  const { client, clock, signal } = run.context;
  const drain = drainTimeoutMs === 0 ? {} : { drain_timeout_ms: drainTimeoutMs };
  run.stoppedHere = true;
  onlyItem(await client.stopInstances({ body: [{ uuid: run.id, ...drain }] }), `Stopping instance '${name}'`);
  await waitUntilStopped(client, run.id, { timeoutMs: leftMs(run), clock, signal });
}

type Mount = Extract<Step, { do: "attach" }>["mount"];

const holds = (item: InstanceItem, { volume, at }: Mount): boolean =>
  (item.volumes ?? []).some((one) => one.at === at && isMeant(volume, one));

async function detach(run: Run, item: InstanceItem, mount: Mount): Promise<void> {
  const { context, id, asIs } = run;
  if (!holds(item, mount)) return;
  try {
    const reply = await context.client.detachVolumes({ body: [{ ...reference(mount.volume), from: { uuid: id } }] });
    if (reply.items[0]?.error !== ITEM_CODES.NotAttached)
      onlyItem(reply, `Detaching volume '${mount.volume}' from instance '${item.name}'`);
  } catch (error) {
    // The answer was lost, or the volume is gone; what is no longer mounted is detached.
    const now = await present(context, id).catch(() => undefined);
    if (now === undefined || holds(now, mount)) throw error;
  }
  run.asIs = { ...asIs, volumes: asIs.volumes.filter((one) => !isDeepStrictEqual(one, mount)) };
}

async function attach(run: Run, item: InstanceItem, mount: Mount): Promise<void> {
  const { context, id, asIs } = run;
  const { volume, at, readonly } = mount;
  const body = { ...reference(volume), attach_to: { uuid: id }, at, ...(readonly ? { readonly } : {}) };
  try {
    onlyItem(
      await context.client.attachVolumes({ body: [body] }),
      `Attaching volume '${volume}' to instance '${item.name}'`,
    );
  } catch (error) {
    // A request that was repeated after a lost answer finds the volume attached: by itself.
    if (!UnikernelError.has(error, "IN_USE")) throw error;
    const now = await present(context, id).catch(() => undefined);
    if (now === undefined || !holds(now, mount)) throw error;
  }
  run.asIs = { ...asIs, volumes: [...asIs.volumes, mount] };
}

const words = (patches: readonly PropertyPatch[]): string => patches.map(({ property }) => property).join(", ");

/** One call for all properties, which the API changes one by one: some may fail. */
async function patch(run: Run, { name }: InstanceItem, patches: readonly PropertyPatch[]): Promise<void> {
  const reply = await run.context.client.patchInstances({
    body: patches.map(({ prop, op, value }) => ({ uuid: run.id, prop, op, ...(value === undefined ? {} : { value }) })),
  });
  const failed = patches.filter((_, index) => (reply.items[index] ?? { status: "error" }).status === "error");
  const made = patches.filter((one) => !failed.includes(one));
  for (const { property, prop } of made) {
    run.asIs = { ...run.asIs, [property]: run.news[property as keyof InstanceInputs] };
    run.patched.add(prop);
  }
  const [first] = failed;
  if (first === undefined) return;
  const item = reply.items[patches.indexOf(first)] ?? {};
  const cause = itemFailure(`Changing ${words(failed)} of instance '${name}'`, item, reply);
  const left = made.length === 0 ? "" : ` ${words(made)} ${made.length === 1 ? "was" : "were"} changed.`;
  throw new UnikernelError(cause.code, `${cause.message}${left}`, {
    property: first.property,
    details: { ...cause.details, succeeded: made.map(({ property }) => property) },
    ...(cause.hint === undefined ? {} : { hint: cause.hint }),
  });
}
