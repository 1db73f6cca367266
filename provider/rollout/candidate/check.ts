/**
 * The candidate of a rollout, where a metro sends connections to each member that runs: one more instance with the same request passes
 * the gate in a temporary service group, before anything of the service changes.
 */
import { type ErrorCode, type ErrorContext, UnikernelError, errorMessage, withErrorContext } from "../../base/errors";
import { omitUndefined } from "../../base/objects";
import type { CallContext } from "../../client/callContext";
import type { CreateInstanceRequest, InstanceItem, ServiceItem } from "../../contract/models";
import type { RolloutEvent } from "../events";
import {
  ABANDONED_AFTER_MS,
  candidateName,
  createGroup,
  removeCandidate,
  toCandidateRequest,
  toRequestedPorts,
} from "./group";
import { createInstance } from "../members/instances";
import { convertToTemplate, deleteTemplate } from "./clone";
import { digestOf } from "../report";
import { probeThroughGroup } from "./probe";
import { firstDomain, routesOf } from "./route";
import { type CandidateGate, untilPassed } from "./untilPassed";

/** What the candidate is made of, and what it must pass. */
export interface CandidateOptions extends CandidateGate {
  /** A context for removing the candidate after the signal has aborted. Default: this one. */
  readonly cleanup?: () => CallContext;
  /** The service, with its ports. */
  readonly service: Pick<ServiceItem, "uuid" | "name" | "services">;
  /** Returns the request of a replica. */
  readonly createRequest: () => CreateInstanceRequest;
  /** True: a candidate that passed becomes a template of its name, and stays. Default: it is deleted. */
  readonly isCloned?: boolean;
  /** Receives a sentence about a candidate that could not be removed. */
  readonly warn: (sentence: string) => void;
  readonly onEvent?: ((event: RolloutEvent) => void) | undefined;
  /** The inputs that a failed create refers to, by error code. */
  readonly errorContexts?: Readonly<Partial<Record<ErrorCode, ErrorContext>>>;
}

const QUOTA_HINT =
  "A rollout with a gate needs one more instance and one more service group in this metro, for its candidate. Delete what is not used, or get a larger quota.";

/** True if the metro rejected the request as a whole, as nodes do that do not know one of its members. */
const isRejectedRequest = (error: unknown): boolean => UnikernelError.is(error) && error.details["status"] === 400;

/**
 * Returns the check: it resolves when a candidate has passed. Candidate and group are gone when it settles, but for a candidate that is to
 * be cloned, whose uuid it returns; if they cannot be removed, it warns.
 *
 * It throws `NOT_SUPPORTED` (no published port leads to the gate's port), `GUEST_STOPPED`, `WAIT_TIMEOUT`, `IMAGE_MISMATCH`,
 * `OPERATION_FAILED` (the gate failed), the client's errors, or the signal's reason.
 */
export const createCandidateCheck = (options: CandidateOptions) => async (): Promise<string | undefined> => {
  const { client, clock, service, gate, signal } = options;
  const name = candidateName(service, options.isCloned);
  const routes = routesOf(gate, service.services ?? [], client.metro);
  const attempted = `Creating the candidate of service '${service.name}'`;
  const beganMs = clock.now();
  const report = (phase: RolloutEvent["phase"], detail: string, instance?: InstanceItem, attempts = 0): void => {
    const digest = digestOf(instance?.image);
    const elapsedMs = clock.now() - beganMs;
    const facts = { ...(digest === undefined ? {} : { digest }), ...(attempts === 0 ? {} : { attempts }) };
    options.onEvent?.({ phase, member: name, ...facts, detail, elapsedMs });
  };
  // Of a rollout that was killed:
  if (options.isCloned === true) await deleteTemplate(options, name);
  await removeCandidate(options, name);
  let template: string | undefined;
  try {
    const group = await createGroup(options, name, toRequestedPorts(service.services), attempted);
    const latestMs = beganMs + options.healthyWithinMs + ABANDONED_AFTER_MS;
    const request = toCandidateRequest(options.createRequest(), name, group.uuid, latestMs);
    const uuid = await createInstance(options, request, attempted).catch((error: unknown) => {
      if (!isRejectedRequest(error)) throw error;
      // An older node may know no schedules. Then the next rollout removes a candidate that a killed process left.
      return createInstance(options, omitUndefined({ ...request, schedules: undefined }), attempted);
    });
    report("launched", `a candidate, outside of service '${service.name}'`);
    const fqdn = firstDomain(group) ?? "";
    const passed = await untilPassed(options, {
      uuid,
      probe: () => probeThroughGroup(gate, { fqdn, routes }, signal),
      onWait: (reason, instance, attempts) => report("waiting", reason, instance, attempts),
    });
    report("ready", `the candidate passed the gate at attempt ${passed.attempts}`, passed.instance);
    if (options.isCloned === true) {
      await convertToTemplate(options, { uuid, name }, options.createRequest());
      template = uuid;
    }
    return template;
  } catch (error) {
    report("failed", errorMessage(error));
    throw withErrorContext(error, { ...options.errorContexts, QUOTA_EXCEEDED: { hint: QUOTA_HINT } });
  } finally {
    await removeCandidate(options.cleanup?.() ?? options, name, template).then(
      () => report("removed", template === undefined ? "the candidate" : "the candidate's group"),
      (error: unknown) =>
        options.warn(
          `The candidate '${name}' could not be removed: ${errorMessage(error)} The next rollout of the service removes it.`,
        ),
    );
  }
};
