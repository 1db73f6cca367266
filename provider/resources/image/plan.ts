/** Plans a build at preview, without building. */
import type { MetroIdentity } from "../../base/config/metroConfig";
import { UnikernelError } from "../../base/errors";
import { withTemporaryFolder } from "../../base/files";
import type { CheckFailure, Properties } from "../../definition/resource";
import { UNKNOWN, containsUnknown } from "../../definition/unknowns";
import { planBuild } from "../../image/build/planBuild";
import { imageInputs } from "./inputs";
import { destinationFailures } from "./reference";
import { runtimeFailures } from "./runtimeRule";

/**
 * Adds `contextHash`, the hash of all build inputs, so that a changed file shows as a change. Unknown inputs make it unknown. An
 * invalid Kraftfile or build context becomes a failure.
 */
export async function computeInputs(
  given: Properties,
  metro?: MetroIdentity,
): Promise<{ inputs: Properties; failures: readonly CheckFailure[] }> {
  const failures = metro === undefined ? [] : destinationFailures(given, metro);
  if (failures.length > 0) return { inputs: given, failures };
  if (["context", "kraftfile", "files", "build", "preserveModes"].some((name) => containsUnknown(given[name]))) {
    return { inputs: { ...given, contextHash: UNKNOWN }, failures: [] };
  }
  const { name, kraftfile, ...inputs } = imageInputs.parse({
    ...given,
    name: containsUnknown(given["name"]) ? undefined : given["name"],
  });
  try {
    const plan = await withTemporaryFolder((scratch) =>
      planBuild({ ...inputs, ...(kraftfile === undefined ? {} : { kraftfile }), name: name ?? "image", scratch }),
    );
    return {
      inputs: { ...given, contextHash: plan.contextHash },
      failures: metro === undefined ? [] : runtimeFailures(plan.kraftfile.runtime, metro),
    };
  } catch (error) {
    if (!UnikernelError.has(error, "CONTEXT_INVALID", "KRAFTFILE_INVALID", "INPUT_INVALID", "NOT_SUPPORTED"))
      throw error;
    const reason = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
    return { inputs: given, failures: [{ code: error.code, property: error.property ?? "context", reason }] };
  }
}
