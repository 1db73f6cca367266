/** The status that a kubelet reports for a pod. */
import type { ContainerRunner } from "./containerRunner";
import type { Pod } from "./objects";

/** What is reported about a pod. */
export interface PodReport {
  readonly pod: Pod;
  /** Undefined until the pod has an address. */
  readonly podIp: string | undefined;
  readonly startTime: string;
  readonly phase: Phase;
  readonly initContainers: readonly ContainerRunner[];
  readonly containers: readonly ContainerRunner[];
  readonly isInitialized: boolean;
  /** Why no container can be created yet. */
  readonly waiting?: { readonly reason: string; readonly message: string };
}

export type Phase = "Pending" | "Running" | "Succeeded" | "Failed";

/** A condition without the time of its last change, which {@link ConditionTimes} adds. */
interface Condition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
}

/** Remembers when each condition last changed: a Deployment counts `minReadySeconds` from there. */
export class ConditionTimes {
  private readonly known = new Map<string, { readonly status: string; readonly at: string }>();

  /** The conditions with their times. */
  stamp(conditions: readonly Condition[], now: string): readonly object[] {
    return conditions.map((condition) => {
      const before = this.known.get(condition.type);
      const at = before?.status === condition.status ? before.at : now;
      this.known.set(condition.type, { status: condition.status, at });
      return { ...condition, lastProbeTime: null, lastTransitionTime: at };
    });
  }
}

/** The `status` of the pod. */
export function describePod(report: PodReport, times: ConditionTimes, now: string): object {
  const { podIp, startTime, phase, initContainers, containers, isInitialized } = report;
  const hasEnded = phase === "Succeeded" || phase === "Failed";
  const areReady = !hasEnded && containers.length > 0 && containers.every(({ isReady }) => isReady);
  const condition = (type: string, holds: boolean, reason: string): Condition =>
    holds ? { type, status: "True" } : { type, status: "False", reason };
  const notReady = phase === "Succeeded" ? "PodCompleted" : "ContainersNotReady";
  return {
    phase,
    conditions: times.stamp(
      [
        { type: "PodScheduled", status: "True" },
        condition("Initialized", isInitialized, "ContainersNotInitialized"),
        condition("ContainersReady", areReady, notReady),
        condition("Ready", areReady, notReady),
      ],
      now,
    ),
    hostIP: "10.0.0.1",
    ...(podIp === undefined ? {} : { podIP: podIp, podIPs: [{ ip: podIp }] }),
    startTime,
    ...(initContainers.length === 0 ? {} : { initContainerStatuses: initContainers.map(describeContainer) }),
    containerStatuses:
      containers.length > 0
        ? containers.map(describeContainer)
        : report.pod.spec.containers.map(({ name, image }) => ({
            ...{ name, image, imageID: "", ready: false, started: false, restartCount: 0 },
            state: { waiting: report.waiting ?? { reason: "PodInitializing" } },
          })),
  };
}

function describeContainer({ container, isReady, isStarted, restarts, state, lastState }: ContainerRunner): object {
  return {
    name: container.name,
    image: container.image,
    imageID: `test://${container.image}`,
    ready: isReady,
    started: isStarted,
    restartCount: restarts,
    state,
    ...(lastState === undefined ? {} : { lastState }),
  };
}
