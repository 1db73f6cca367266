/** The input of a rollout. */
import type { CallContext } from "../client/callContext";
import type { CreateInstanceRequest, InstanceItem } from "../contract/models";
import type { ErrorContext, ErrorCode } from "../base/errors";
import type { CapturedMember } from "./captured";
import type { RolloutEvent } from "./events";
import type { RolloutPolicy } from "./policy";

/** What to roll out, and in which service. */
export interface Rollout extends CallContext {
  /** A context for cleaning up after {@link CallContext.signal} has timed out. Default: this one. */
  readonly cleanup?: () => CallContext;
  /** A context with a new time limit for a rollback. Default: this one. */
  readonly rollbackContext?: () => CallContext;
  readonly service: { readonly uuid: string; readonly name: string };
  /** URL of the service for health checks; `undefined` when the service cannot be reached by HTTP. */
  readonly url: string | undefined;
  readonly policy: RolloutPolicy;
  /** How long the guest of an old instance may take to shut down after its drain timeout. Milliseconds. */
  readonly timeoutMs: number;
  /** True for instances created from the current template, image included. */
  readonly isNew: (instance: InstanceItem) => boolean;
  /** True for instances this resource manages; the rollout leaves other instances of the service unchanged. */
  readonly isManaged: (instance: InstanceItem) => boolean;
  /** Returns the request that creates another instance, with a unique name. */
  readonly createRequest: () => CreateInstanceRequest;
  /**
   * Called for a new instance that stopped, before it and its console log are deleted. Returns a sentence that says where its console
   * can be read. Default: nothing is called.
   */
  readonly reportConsole?: (instance: InstanceItem) => Promise<string>;
  /** Called for each step. Default: nothing is called. */
  readonly onEvent?: (event: RolloutEvent) => void;
  /**
   * Called before each step that changes something, and with `true` before each wait. Throws to end the rollout before that step.
   * Default: nothing is called.
   */
  readonly checkStop?: (isWaiting?: boolean) => Promise<void>;
  /**
   * Called once, before the first launch, on a metro that cannot gate members. Throws if the candidate does not pass. Default:
   * nothing is called.
   */
  readonly passCandidate?: (() => Promise<void>) | undefined;
  /** The members at the start, which a rollback restores. `undefined`: nothing is rolled back. */
  readonly captured?: readonly CapturedMember[] | undefined;
  /** The inputs that a failed launch refers to, by error code. */
  readonly errorContexts?: Readonly<Partial<Record<ErrorCode, ErrorContext>>>;
}
