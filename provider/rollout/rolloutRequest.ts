/** The input of a rollout. */
import type { CallContext } from "../client/callContext";
import type { CreateInstanceRequest, InstanceItem } from "../contract/models";
import type { ErrorContext, ErrorCode } from "../base/errors";
import type { CapturedMember } from "./failure/captured";
import type { RolloutEvent } from "./events";
import type { RolloutPolicy } from "./policy";

/** What to roll out, and in which service. */
export interface Rollout extends CallContext {
  /** A context for cleaning up after {@link CallContext.signal} has timed out. Default: this one. */
  readonly cleanup?: () => CallContext;
  /** A context with a new time limit for a rollback. Default: this one. */
  readonly rollbackContext?: () => CallContext;
  readonly service: { readonly uuid: string; readonly name: string };
  /** Extensions of the API that the metro has, such as `readiness-probe` and `rotation`. Default: none. */
  readonly features?: ReadonlySet<string>;
  readonly policy: RolloutPolicy;
  /** How long the guest of an old instance may take to shut down after its drain timeout. Milliseconds. */
  readonly timeoutMs: number;
  /** True for instances created from the current template, image included. */
  readonly isNew: (instance: InstanceItem) => boolean;
  /** True for instances this resource manages; the rollout leaves other instances of the service unchanged. */
  readonly isManaged: (instance: InstanceItem) => boolean;
  /** True for members that an earlier `blueGreen` rollout kept; they are no replicas. Default: for none. */
  readonly isRetired?: (instance: InstanceItem) => boolean;
  /** The tags of a member that is kept from now on. Required for `keepOldForMs`. */
  readonly retiredTags?: (instance: InstanceItem) => readonly string[];
  /**
   * Gives a stopped member the current template; {@link isNew} is true for it then. Required for the strategy `inPlace`. Throws if
   * the template cannot be changed in place.
   */
  readonly applyTemplate?: (instance: InstanceItem) => Promise<void>;
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
  /** Called before each launch and restart, in any metro. Throws to end the rollout. Default: nothing is called. */
  readonly beforeLaunch?: (() => Promise<void>) | undefined;
  /** The members at the start, which a rollback restores. `undefined`: nothing is rolled back. */
  readonly captured?: readonly CapturedMember[] | undefined;
  /**
   * Why members that are replaced cannot be restored, as a sentence: a failed rollout then keeps those that serve, old and new, instead
   * of rolling back. Default: they can be.
   */
  readonly cannotRollBack?: string;
  /** The inputs that a failed launch refers to, by error code. */
  readonly errorContexts?: Readonly<Partial<Record<ErrorCode, ErrorContext>>>;
}
