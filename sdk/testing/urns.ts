/** URNs of the mocks, which have to differ as those of the engine do. */
import * as pulumi from "@pulumi/pulumi";

/** Pulumi's mocks ask it once per resource. Source: @pulumi/pulumi 3.270.0 `runtime/mocks.ts`, `MockMonitor`. */
interface Monitor {
  newUrn?(parent: string, type: string, name: string): string;
}

/**
 * Makes the mocks that are set reject a URN that was there before, with the sentence of the engine. Pulumi's own mocks take it, and cut off
 * the types above a parent, by which URNs in different components may be the same.
 *
 * Source of the form: pulumi/pulumi v3.259.0 `sdk/go/common/resource/urn/urn.go`; of the sentence: `pkg/resource/deploy/step_generator.go`.
 */
export function rejectSameUrns(project: string, stack: string): void {
  // The function exists in every release, but is left out of the types.
  const monitor = (pulumi.runtime as unknown as { getMonitor(): Monitor }).getMonitor();
  if (monitor.newUrn === undefined)
    throw new Error("This version of @pulumi/pulumi has other mocks: update pulumi-unikernel.");
  const known: { [urn: string]: true } = {};
  monitor.newUrn = (parent, type, name) => {
    const types = parent ? `${parent.split("::")[2] || ""}$${type}` : type;
    const urn = `urn:pulumi:${stack}::${project}::${types}::${name}`;
    if (Object.prototype.hasOwnProperty.call(known, urn)) {
      // Pulumi shows `details`, as of an error of gRPC.
      const details = `Duplicate resource URN '${urn}'; try giving it a unique name`;
      throw Object.assign(new Error(details), { details });
    }
    known[urn] = true;
    return urn;
  };
}
