/** The bake of a wave: its replicas must keep running and its gate must keep passing, until the time is over. */
import { UnikernelError } from "../../base/errors";
import type { ReadinessProbe } from "../../contract/models";
import {
  type ProbeProgress,
  type ProbeSettings,
  afterAttempt,
  notProbed,
  probeSettings,
} from "../../contract/readiness/progress";
import { probeThroughGroup } from "../../rollout/candidate/probe";
import { firstDomain, routesOf } from "../../rollout/candidate/route";
import { getExistingInstances } from "../../rollout/members/instances";
import type { ProviderContext } from "../context";
import { fromWirePorts } from "../service/ports";
import { toReadinessProbe } from "../service/rollout/policy";
import { bakeStep, duration } from "./describe";
import type { WaveInputs } from "./inputs";
import { memberProblem } from "./members";
import type { ObservedWaveService } from "./observe";

/** How often the replicas are looked at. */
const LOOK_MS = 5_000;
/** How often the bake is reported. */
const REPORT_MS = 30_000;
/** Failures in a row that fail a wave: one lost packet between this machine and the metro does not. */
const DEFAULT_FAILURE_THRESHOLD = 3;

/** The gate of one service. */
interface ServiceGate {
  readonly name: string;
  readonly settings: ProbeSettings;
  /** Why an attempt failed; `undefined` if it succeeded. */
  readonly ask: (signal: AbortSignal) => Promise<string | undefined>;
  progress: ProbeProgress;
}

function toServiceGate(
  { client: { metro } }: ProviderContext,
  { service, item }: ObservedWaveService,
  gate: NonNullable<WaveInputs["gate"]>,
): ServiceGate | undefined {
  const ports = fromWirePorts(item.services, []);
  const probe: ReadinessProbe | undefined = toReadinessProbe(gate, ports);
  if (probe === undefined) return undefined;
  const fqdn = firstDomain(item) ?? "";
  const routes = routesOf(probe, item.services ?? [], metro);
  const settings = { ...probeSettings(probe), failureThreshold: gate.failureThreshold ?? DEFAULT_FAILURE_THRESHOLD };
  const ask = (signal: AbortSignal): Promise<string | undefined> => probeThroughGroup(probe, { fqdn, routes }, signal);
  return { name: service.name, settings, ask, progress: notProbed() };
}

const stopped = (wave: string): UnikernelError =>
  new UnikernelError("ROLLOUT_STOPPED", `Wave '${wave}' was cancelled while it baked.`, {
    hint: "Run 'pulumi up' to continue; to undo the rollout, revert the program first.",
  });

/** True if the gate has passed, and nothing says that it would not pass now. */
const hasPassed = ({ progress, settings }: ServiceGate): boolean =>
  progress.state === "passed" && (settings.failureThreshold > 0 || progress.failures === 0);

/**
 * Waits until the wave has baked. Throws `ROLLOUT_FAILED` with the first problem, `ROLLOUT_STOPPED` after Ctrl-C, the client's errors, or
 * the signal's reason.
 */
export async function bake(
  context: ProviderContext,
  inputs: WaveInputs,
  observed: readonly ObservedWaveService[],
): Promise<void> {
  const { clock, stopRequest, printProgress } = context;
  const { name, bakeTimeMs, gate } = inputs;
  const fail = (reason: string): never => {
    throw new UnikernelError("ROLLOUT_FAILED", `Wave '${name}' failed: ${reason}.`, {
      details: { metro: context.metro },
    });
  };
  const signal = stopRequest === undefined ? context.signal : AbortSignal.any([context.signal, stopRequest]);
  const gates = observed.flatMap((one) => (gate === undefined ? [] : (toServiceGate(context, one, gate) ?? [])));
  const before = observed.flatMap(({ replicas }) => replicas);
  const look = async (): Promise<void> => {
    const now = await getExistingInstances(
      context,
      before.map(({ uuid }) => uuid),
    );
    for (const member of before) {
      const problem = memberProblem(
        member,
        now.find(({ uuid }) => uuid === member.uuid),
      );
      if (problem !== undefined) fail(problem);
    }
  };
  const beganMs = clock.now();
  const endMs = beganMs + bakeTimeMs;
  const intervalMs = Math.min(LOOK_MS, ...gates.map(({ settings }) => settings.intervalMs));
  printProgress(`Wave '${name}': will ${bakeStep(inputs)}.`);
  try {
    for (let [lookAtMs, reportAtMs] = [beganMs, beganMs + REPORT_MS]; ;) {
      const startedMs = clock.now();
      for (const one of gates) {
        one.progress = afterAttempt(one.progress, await one.ask(signal), startedMs - beganMs, one.settings);
        const { state, reason, failures } = one.progress;
        if (state === "failed") fail(`service '${one.name}': ${reason ?? ""} (${failures} times in a row)`);
      }
      const nowMs = clock.now();
      if (nowMs >= lookAtMs || nowMs >= endMs) {
        await look();
        lookAtMs = nowMs + LOOK_MS;
      }
      if (nowMs >= endMs) break;
      if (nowMs >= reportAtMs) {
        printProgress(
          `Wave '${name}': has baked for ${duration(Math.round((nowMs - beganMs) / 1000) * 1000)} of ${duration(bakeTimeMs)}.`,
        );
        reportAtMs = nowMs + REPORT_MS;
      }
      await clock.sleep(Math.min(intervalMs, endMs - nowMs), signal);
    }
  } catch (error) {
    if (stopRequest?.aborted === true && !UnikernelError.has(error, "ROLLOUT_FAILED")) throw stopped(name);
    throw error;
  }
  for (const one of gates)
    if (!hasPassed(one))
      fail(`service '${one.name}': ${one.progress.reason ?? "its gate has not passed"} when the bake was over`);
}
