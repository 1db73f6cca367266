/** The error of a QEMU that takes too long. */
import { UnikernelError } from "../../../base/errors";

/** QEMU did not do something in time. It has not refused it: on a busy machine, as when many VMs wake at once, it may do so the next time. */
export class QemuTimeoutError extends UnikernelError {
  constructor(message: string, cause?: unknown) {
    super("VMM_FAILED", message, { cause });
  }
}
