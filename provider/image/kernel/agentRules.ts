/** What needs an agent in the guest, and which kernels have none. The platform applies it to creates and changes, and a preview before. Pure. */
import type { KernelKind } from "./kernelKind";
import type { GuestViolation } from "./violation";

/** Why a Unikraft guest has no agent, as the end of a sentence. */
export const UNIKRAFT_HAS_NO_AGENT = "a Unikraft kernel runs one program only, and no agent beside it";

/** Why a guest with a kernel of this kind has no agent, as the end of a sentence; `undefined` if nothing is known against it. */
export const agentObstacleOf = (kind: KernelKind): string | undefined =>
  kind === "multiboot" ? UNIKRAFT_HAS_NO_AGENT : undefined;

/** What an instance may ask of its agent. */
export interface AgentRequest {
  /** The schedules; those with the action `exec` run a command. */
  readonly schedules: readonly { readonly name: string; readonly action: string }[];
  /** How long before standby the program is to be warned, in milliseconds; 0: not at all. */
  readonly notifyTimeMs: number;
}

/** What the instance asks that a guest without an agent cannot do, which is so because of `obstacle`. */
export function agentViolations({ schedules, notifyTimeMs }: AgentRequest, obstacle: string): GuestViolation[] {
  const violations: GuestViolation[] = schedules.flatMap(({ name, action }, index) =>
    action !== "exec"
      ? []
      : {
          ...{ code: "NOT_SUPPORTED", property: `schedules[${index}].action` },
          message: `Schedule '${name}' cannot run a command in the instance: ${obstacle}.`,
          hint: "Use another action, or an image with the runtime linux:latest.",
        },
  );
  if (notifyTimeMs > 0)
    violations.push({
      ...{ code: "NOT_SUPPORTED", property: "scaleToZero.notifyTimeMs" },
      message: `The program cannot be warned ${notifyTimeMs} ms before standby: ${obstacle}.`,
      hint: "Set this time to 0, or use an image with the runtime linux:latest.",
    });
  return violations;
}
