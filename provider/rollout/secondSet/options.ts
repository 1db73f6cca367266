/** What the second set of a service is made of. */
import type { ErrorCode, ErrorContext } from "../../base/errors";
import type { CallContext } from "../../client/callContext";
import type { CreateInstanceRequest, DomainRequest, InstanceItem, ServiceItem } from "../../contract/models";
import type { RolloutPhase } from "../events";
import type { RolloutPolicy } from "../policy";
import type { StopCheck } from "../waiting";

/** What a second set needs. */
export interface SecondSetOptions extends CallContext {
  /** A context for cleaning up after the signal has aborted. */
  readonly cleanup: () => CallContext;
  /** The service, with its ports. */
  readonly service: ServiceItem;
  readonly policy: RolloutPolicy;
  /** The domains of the service that the program names. */
  readonly domains: readonly DomainRequest[];
  /** True for the name that a metro reports of one of these domains. */
  readonly isDomain: (fqdn: string, domain: DomainRequest) => boolean;
  /** True for instances that run what was requested, image included. */
  readonly isNew: (instance: InstanceItem) => boolean;
  /** True for the members of the service that this resource manages. */
  readonly isManaged: (instance: InstanceItem) => boolean;
  /** True for members that an earlier rollout kept. */
  readonly isRetired: (instance: InstanceItem) => boolean;
  readonly retiredTags: (instance: InstanceItem) => readonly string[];
  /** Returns the request of a member. */
  readonly createRequest: () => CreateInstanceRequest;
  /** How long the guest of an old member may take to shut down after its drain timeout. Milliseconds. */
  readonly timeoutMs: number;
  /** Throws if the rollout must end before its next change, or while waiting. */
  readonly checkStop: StopCheck;
  /** Prints the console of a member that fails, and returns a sentence about it. */
  readonly reportConsole: (instance: InstanceItem) => Promise<string>;
  readonly report: (phase: RolloutPhase, detail: string, member?: string) => void;
  /** Receives a sentence about what could not be removed. */
  readonly warn: (sentence: string) => void;
  /** The inputs that a failed create refers to, by error code. */
  readonly errorContexts?: Readonly<Partial<Record<ErrorCode, ErrorContext>>>;
}
