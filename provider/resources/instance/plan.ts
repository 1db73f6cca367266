/** Plans an Instance's update as ordered steps. The preview describes them and the update executes them. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { InstanceProp } from "../../contract/models";
import { diff } from "../../definition/diff";
import { isUnknown } from "../../definition/unknowns";
import { type InstanceInputs, instanceInputs, isJob } from "./inputs";
import { INSTANCE_WIRE } from "./wire";
import type { PlannedOperation } from "../common/patchOperation";
import { type WireCodec, isSameOnWire } from "../common/wire";

type Mount = InstanceInputs["volumes"][number];

/** A PATCH of the property that an input sets. */
export interface InputPatch extends PlannedOperation<InstanceProp> {
  /** Name of the input. */
  readonly property: string;
}

/** One step of an update. */
export type InstanceStep =
  | { readonly do: "stop"; readonly drainTimeoutMs: number }
  | { readonly do: "detach"; readonly mount: Mount }
  | { readonly do: "patch"; readonly patches: readonly InputPatch[] }
  | { readonly do: "attach"; readonly mount: Mount }
  | { readonly do: "start" }
  /** Waits for a job that still ran when an earlier operation gave up. */
  | { readonly do: "await" }
  /** Verifies that the instance matches the request. */
  | { readonly do: "verify" };

/**
 * State before the update. "up": running, starting or in standby. "down": stopped by a user, so the update leaves it stopped.
 * "pending-start": stopped by a failed create or update, so the next update starts it. "completed": a job that has ended, so a change
 * that its program sees runs it again. "unfinished": a job that still ran when a create or update gave up, so the next update waits for it.
 */
export type PowerState = "up" | "down" | "pending-start" | "completed" | "unfinished";

const mountsNotIn = (all: readonly Mount[], others: readonly Mount[]): readonly Mount[] =>
  all.filter((mount) => !others.some((other) => isDeepStrictEqual(mount, other)));

/** The PATCH that sets one input; `undefined` if no PATCH can change it. */
export function toInputPatch(property: string, news: InstanceInputs): InputPatch | undefined {
  const wire = INSTANCE_WIRE[property as keyof InstanceInputs] as WireCodec<InstanceInputs, unknown>;
  if (wire.prop === undefined) return undefined;
  const value = (wire.encodePatch ?? wire.encode)(news);
  return value === undefined
    ? { property, prop: wire.prop, op: "clear" }
    : { property, prop: wire.prop, op: "set", value };
}

/** The steps of an update in place. Changes that need a replacement are left to the engine. */
export function planInstanceUpdate(
  olds: InstanceInputs,
  news: InstanceInputs,
  power: PowerState,
): readonly InstanceStep[] {
  const changes = diff({ inputs: instanceInputs }, olds, news).filter(
    ({ property }) => !isSameOnWire(INSTANCE_WIRE[property as keyof InstanceInputs], olds, news),
  );
  const patches = changes.flatMap(({ property }) => toInputPatch(property, news) ?? []);
  const removed = mountsNotIn(olds.volumes, news.volumes);
  const added = mountsNotIn(news.volumes, olds.volumes);
  const restarts = power !== "down" && changes.some(({ restart }) => restart);
  return [
    ...(restarts && power !== "completed" ? [{ do: "stop", drainTimeoutMs: news.drainTimeoutMs } as const] : []),
    ...removed.map((mount) => ({ do: "detach", mount }) as const),
    ...(patches.length > 0 ? [{ do: "patch", patches } as const] : []),
    ...added.map((mount) => ({ do: "attach", mount }) as const),
    ...(restarts || power === "pending-start" ? [{ do: "start" } as const] : []),
    ...(!restarts && power === "unfinished" ? [{ do: "await" } as const] : []),
    { do: "verify" },
  ];
}

const joinWithAnd = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;

const describeVolume = ({ volume }: Mount): string =>
  isUnknown(volume) ? "a volume not known yet" : `volume '${volume}'`;

/**
 * The step, in words that follow "will"; empty for a step that changes nothing.
 *
 * @param wasFailed its last start failed: it runs only if its restart policy started it again since
 */
export function describeStep(
  step: InstanceStep,
  { wasFailed, isJob }: { readonly wasFailed: boolean; readonly isJob: boolean },
): readonly string[] {
  switch (step.do) {
    case "stop":
      if (wasFailed) return ["stop it if it runs"];
      return [step.drainTimeoutMs > 0 ? `stop it within ${step.drainTimeoutMs / 1000} s` : "stop it"];
    case "detach":
      return [`detach ${describeVolume(step.mount)} from ${step.mount.at}`];
    case "patch":
      return [`change ${joinWithAnd(step.patches.map(({ property }) => property))} in place`];
    case "attach":
      return [`attach ${describeVolume(step.mount)} at ${step.mount.at}`];
    case "start":
      return [isJob ? "run the job again" : "start it"];
    case "await":
      return ["wait until it has completed"];
    case "verify":
      return [];
    default:
      return step satisfies never;
  }
}

/** What an update does, in words that follow "will". For a stopped instance, also what happens if it runs by then. */
export function describeInstanceUpdate(
  olds: InstanceInputs,
  news: InstanceInputs,
  power: PowerState,
): readonly string[] {
  const start = { wasFailed: power === "pending-start", isJob: isJob(news) };
  const descriptions = planInstanceUpdate(olds, news, power).flatMap((step) => describeStep(step, start));
  const mayStop = power === "down" && planInstanceUpdate(olds, news, "up").some((step) => step.do === "stop");
  const last = descriptions.at(-1);
  return mayStop && last !== undefined
    ? [...descriptions.slice(0, -1), `${last}, restarting it if it runs by then`]
    : descriptions;
}
