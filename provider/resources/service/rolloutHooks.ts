/** What accompanies the rollout of a Service: its progress, its candidate, and what its load times say. */
import { errorMessage } from "../../base/errors";
import type { CreateInstanceRequest, ServiceItem } from "../../contract/models";
import { createCandidateCheck } from "../../rollout/candidate/check";
import { deleteTemplate, toCloneRequest } from "../../rollout/candidate/clone";
import { candidateName } from "../../rollout/candidate/group";
import type { RolloutEvent } from "../../rollout/events";
import type { Rollout } from "../../rollout/rolloutRequest";
import type { Waiting } from "../../rollout/waiting";
import { type ProviderContext, forCleanup } from "../context";
import type { Workload } from "../workload/inputs";
import { LoadTimes, findShortCooldown } from "./loadTime";
import { reportProgress } from "./progress";

/** The parts of a rollout that its hooks need. */
type HookedRollout = Required<Pick<Rollout, "policy" | "isNew" | "createRequest" | "reportConsole">> &
  Pick<Rollout, "errorContexts"> &
  Pick<Waiting, "checkStop"> & {
    /** Extensions of the API that the metro has. */
    readonly features: ReadonlySet<string>;
    /** True if the members are to be clones of the candidate. */
    readonly isCloned?: boolean;
  };

/** The hooks, to be passed to the rollout. */
export interface RolloutHooks {
  readonly onEvent: (event: RolloutEvent) => void;
  /** `undefined` if no candidate is needed or possible. */
  readonly passCandidate: (() => Promise<void>) | undefined;
  /** The request of a member, from that of a replica: of a clone of the candidate, if the program asks for clones. */
  readonly toMemberRequest: (request: CreateInstanceRequest) => CreateInstanceRequest;
  /** Deletes the template of the clones. Call it when the rollout has ended; it never throws. */
  readonly end: () => Promise<void>;
  /** Warns of a cooldown that is shorter than the load time that was measured. Call it once the rollout is done. */
  readonly warnOfShortCooldown: (template: Pick<Workload, "scaleToZero">) => void;
}

/**
 * The hooks of one rollout of a service.
 *
 * @param volume the volume that only one instance can hold; `undefined` if there is none
 */
export function rolloutHooks(
  context: ProviderContext,
  item: ServiceItem,
  { policy, features, isCloned, isNew, createRequest, reportConsole, errorContexts, checkStop }: HookedRollout,
  volume: string | undefined,
): RolloutHooks {
  const { client, clock, signal, metro, printWarning } = context;
  const report = reportProgress(context, item.name);
  const loadTimes = new LoadTimes();
  const beganMs = clock.now();
  const onEvent = (event: RolloutEvent): void => {
    loadTimes.observe(event);
    // The candidate and a second set count from their own start.
    report({ ...event, elapsedMs: clock.now() - beganMs });
  };
  const { gate, healthyWithinMs, stableForMs } = policy;
  const candidateCheck = (ofGate: NonNullable<typeof gate>) => async (): Promise<void> => {
    if (volume !== undefined)
      return printWarning(
        `The gate of service '${item.name}' is not probed: metro '${metro}' cannot probe a replica before it gets connections, and a candidate cannot have the volume that a replica holds. The metro decides when a replica gets connections.`,
      );
    const check = createCandidateCheck({
      ...{ client, clock, signal, cleanup: () => forCleanup(context), service: item, checkStop },
      ...{ gate: ofGate, healthyWithinMs, isNew, createRequest, reportConsole, warn: printWarning, onEvent },
      ...(errorContexts === undefined ? {} : { errorContexts }),
      ...(isCloned === true ? { isCloned } : {}),
    });
    template = await check();
  };
  let template: string | undefined;
  return {
    onEvent,
    passCandidate: gate === undefined || features.has("readiness-probe") ? undefined : candidateCheck(gate),
    toMemberRequest: (request) => (template === undefined ? request : toCloneRequest(request, template)),
    end: async () => {
      if (template === undefined) return;
      const name = candidateName(item, true);
      await deleteTemplate(forCleanup(context), name).catch((error: unknown) => {
        printWarning(
          `The template '${name}' could not be deleted: ${errorMessage(error)} The metro does so once it is unused for a while.`,
        );
      });
    },
    warnOfShortCooldown: (workload) => {
      const warning = findShortCooldown(workload, loadTimes.longest, stableForMs);
      if (warning !== undefined) printWarning(warning);
    },
  };
}
