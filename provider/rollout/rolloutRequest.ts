/** A roll: what is to run, and where. */
import type { CallContext } from "../client/callContext";
import type { CreateInstanceRequest, InstanceItem } from "../contract/models";
import type { ErrorContext, ErrorCode } from "../base/errors";
import type { RolloutPolicy } from "./policy";

/** What is to run, and where. */
export interface Rollout extends CallContext {
  /** The context for cleaning up when {@link CallContext.signal} has aborted since the time was up. Default: this one. */
  readonly cleanup?: () => CallContext;
  readonly service: { readonly uuid: string; readonly name: string };
  /** Address at which a client reaches the service; asked for health. `undefined` when it cannot be asked. */
  readonly url: string | undefined;
  readonly policy: RolloutPolicy;
  /** Beyond its time to drain, the guest of an instance that goes gets so long to shut down. Milliseconds. */
  readonly timeoutMs: number;
  /** True for instances made from the wanted template (image included). */
  readonly isNew: (instance: InstanceItem) => boolean;
  /** True for instances this resource manages; others in the service are left alone. */
  readonly isManaged: (instance: InstanceItem) => boolean;
  /** The request for one more instance, with a name of its own. */
  readonly createRequest: () => CreateInstanceRequest;
  /** Inputs that a refused launch is about, by the code of the refusal. */
  readonly errorContexts?: Readonly<Partial<Record<ErrorCode, ErrorContext>>>;
}
