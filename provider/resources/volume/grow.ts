/** Grows a volume that instances use: stops them, lets the volume change, and starts them again, whatever happens in between. */
import { onlyItem } from "../../client/client";
import { isLocalDaemonDown } from "../../client/localDaemon";
import { assessLiveness, waitForInstance, waitUntilStopped } from "../../client/waitForInstance";
import { isUp } from "../../contract/codes";
import type { InstanceItem, VolumeItem } from "../../contract/models";
import { UnikernelError, errorMessage, formatErrorSentences } from "../../base/errors";
import { getExistingInstances, stopInstance, timeoutWithDrainMs } from "../../rollout/members/instances";
import { findVolume } from "../common/find";
import { findMark, finishedMark, growingMark, withoutMarks } from "../common/ownershipMark";
import { type ProviderContext, forCleanup } from "../context";
import { describeRestarts, planRestarts, planResumedStarts } from "./growPlan";
import type { VolumeInputs } from "./inputs";
import { waitUntilReadyAgain } from "./operations";

/** Time that open connections get before an instance is stopped: the default of a rollout. */
const DRAIN_TIMEOUT_MS = 60_000;

/** The instances that the volume is attached to. */
const listUsers = (context: ProviderContext, { attached_to }: VolumeItem): Promise<readonly InstanceItem[]> =>
  getExistingInstances(
    context,
    (attached_to ?? []).map(({ uuid }) => uuid),
  );

/** The instances that an update stops and starts. */
export interface Restarts {
  /** Running instances to stop first. */
  readonly stops: readonly InstanceItem[];
  /** Instances to start afterwards: these, and those that an update which was killed stopped. */
  readonly starts: readonly InstanceItem[];
}

/**
 * What must be stopped and started for a change.
 *
 * Throws `IN_USE` if an instance that uses the volume must not be restarted.
 *
 * @param grows false if the size does not change: then only what a killed update left is started
 */
export async function findRestarts(
  context: ProviderContext,
  volume: VolumeItem,
  { grows, allowRestart }: { readonly grows: boolean; readonly allowRestart: boolean },
): Promise<Restarts> {
  const resumes = findMark(volume.tags)?.growing === true;
  const stackHash = context.ownership?.stackHash;
  const users = grows || resumes ? await listUsers(context, volume) : [];
  const stops = grows ? planRestarts({ volume: volume.name, users, allowRestart, stackHash }) : [];
  return { stops, starts: [...stops, ...(resumes ? planResumedStarts(users, stackHash) : [])] };
}

/**
 * What a preview says about the instances that a growth stops. Sends no request unless the size grows, and does not start the local
 * platform, where nothing runs then.
 *
 * Throws `IN_USE` as the update would.
 */
export async function inspectGrowth(
  context: ProviderContext,
  { name = "", sizeMb: oldMb }: VolumeInputs,
  { sizeMb: newMb, allowRestart }: VolumeInputs,
): Promise<readonly string[]> {
  // An unknown size is text.
  if (typeof oldMb !== "number" || typeof newMb !== "number" || newMb <= oldMb) return [];
  if (await isLocalDaemonDown(context.metro, context.signal)) return [];
  const volume = await findVolume(context, name);
  if (volume === undefined || (volume.size_mb ?? 0) >= newMb) return [];
  // An unknown `allowRestart` may turn out true.
  const { stops } = await findRestarts(context, volume, { grows: true, allowRestart: Boolean(allowRestart) });
  const sentence = describeRestarts(stops);
  return sentence === undefined ? [] : [sentence];
}

/** Time limit of an update that stops instances. Milliseconds. */
export const timeoutWithRestartsMs = ({ timeouts: { updateMs } }: ProviderContext, { stops }: Restarts): number =>
  stops.length === 0 ? updateMs : timeoutWithDrainMs(updateMs, DRAIN_TIMEOUT_MS);

/**
 * Runs the change while no instance uses the volume. Whatever fails, the instances are started again; the error says which of them
 * could not be, and the next update starts those.
 */
export async function growWithRestarts(
  context: ProviderContext,
  volume: VolumeItem,
  { stops, starts }: Restarts,
  change: () => Promise<void>,
): Promise<void> {
  const isMarked = findMark(volume.tags)?.growing === true;
  try {
    if (stops.length > 0 && !isMarked) await setPhase(context, volume, "growing");
    await stopAll(context, stops);
    await change();
    if (starts.length > 0) await waitUntilReadyAgain(context, volume.uuid);
  } catch (error) {
    const cleanup = forCleanup(context);
    const failures = await startAll(cleanup, starts);
    if (starts.length > 0 && failures.length === 0) await setPhase(cleanup, volume, "finished").catch(() => undefined);
    throw withFailedStarts(error, failures);
  }
  const failures = await startAll(context, starts);
  if (failures.length > 0) throw withFailedStarts(undefined, failures);
  if (starts.length > 0 || isMarked) await setPhase(context, volume, "finished");
  const { client, clock, signal } = context;
  const options = { clock, signal };
  await Promise.all(starts.map(({ uuid }) => waitForInstance(client, uuid, assessLiveness, options)));
}

/** Writes the volume's mark, and with it the tags of the program. */
async function setPhase(
  { client, ownership }: ProviderContext,
  { uuid, name, tags }: VolumeItem,
  phase: "growing" | "finished",
): Promise<void> {
  const identity = ownership ?? findMark(tags);
  if (identity === undefined) return;
  const mark = phase === "growing" ? growingMark(identity) : finishedMark(identity);
  const value = [...withoutMarks(tags ?? []), mark];
  onlyItem(
    await client.patchVolumes({ body: [{ uuid, prop: "tags", op: "set", value }] }),
    `Marking volume '${name}' as ${phase}`,
  );
}

/** Stops all, and waits for all of them even if one fails, so that each can be started again. */
async function stopAll(context: ProviderContext, instances: readonly InstanceItem[]): Promise<void> {
  // Only members of a service have connections to finish.
  const drainMs = ({ service_group }: InstanceItem): number => (service_group == null ? 0 : DRAIN_TIMEOUT_MS);
  const results = await Promise.allSettled(instances.map((one) => stopInstance(context, one, drainMs(one))));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** An instance that could not be started. */
interface FailedStart {
  readonly name: string;
  readonly reason: string;
}

/** Starts all that are down. Returns those that could not be started. */
async function startAll(context: ProviderContext, instances: readonly InstanceItem[]): Promise<readonly FailedStart[]> {
  const results = await Promise.all(
    instances.map(async ({ uuid, name }) => {
      try {
        await start(context, uuid, name);
        return [];
      } catch (error) {
        return [{ name, reason: UnikernelError.is(error) ? formatErrorSentences(error) : errorMessage(error) }];
      }
    }),
  );
  return results.flat();
}

async function start({ client, clock, signal }: ProviderContext, uuid: string, name: string): Promise<void> {
  const [now] = (await client.getInstances({ query: { uuid: [uuid] } })).items;
  if (isUp(now?.state)) return;
  // It cannot be started before it has stopped.
  if (now?.state === "stopping" || now?.state === "draining") await waitUntilStopped(client, uuid, { clock, signal });
  onlyItem(await client.startInstances({ body: [{ uuid }] }), `Starting instance '${name}'`);
}

function withFailedStarts(error: unknown, failures: readonly FailedStart[]): unknown {
  if (failures.length === 0) return error;
  const stopped = failures.map(({ name, reason }) => `Instance '${name}' is still stopped: ${reason}`).join(" ");
  const hint = "Run 'pulumi up' again to start what is stopped.";
  if (error === undefined) return new UnikernelError("OPERATION_FAILED", `The volume has grown. ${stopped}`, { hint });
  if (!UnikernelError.is(error)) return error;
  const { code, message, property, details, cause } = error;
  const options = { hint, details, cause, ...(property === undefined ? {} : { property }) };
  return new UnikernelError(code, `${message} ${stopped}`, options);
}
