/** The rules of the input `attestation`. Pure. */
import type { CheckFailure, Rule } from "../../definition/resource";
import type { ImageInputs } from "./inputs";

/** A signature comes from a key or from a command. */
export const attestationRule: Rule<ImageInputs> = {
  reads: ["attestation"],
  test: ({ attestation = {} }) => {
    const { signingKey, signingKeyPassphrase, signingCommand } = attestation as Partial<
      NonNullable<ImageInputs["attestation"]>
    >;
    const failures: CheckFailure[] = [];
    if (signingKey !== undefined && signingCommand !== undefined)
      failures.push({ property: "attestation.signingCommand", reason: "cannot be set together with 'signingKey'." });
    if (signingKeyPassphrase !== undefined && signingKey === undefined)
      failures.push({ property: "attestation.signingKeyPassphrase", reason: "has no effect without 'signingKey'." });
    return failures;
  },
};
