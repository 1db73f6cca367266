/** What a guest cannot have on the kernel of its image. Pure. */
import { type ErrorCode, UnikernelError } from "../../base/errors";

/** One thing that the kernel refuses. */
export interface GuestViolation {
  /** Default `INPUT_INVALID`. */
  readonly code?: ErrorCode;
  /** The input that is to change, such as `env.PEM` or `memoryMb`. */
  readonly property: string;
  /** A sentence; names what does not fit, never the value of an argument or a variable, which may be secret. */
  readonly message: string;
  /** What to do, as a sentence. */
  readonly hint: string;
}

/** Throws the first violation, if there is one. */
export function assertNoViolation([first]: readonly GuestViolation[]): void {
  if (first === undefined) return;
  const { code = "INPUT_INVALID", property, message, hint } = first;
  throw new UnikernelError(code, message, { property, hint });
}
