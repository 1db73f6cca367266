/** The rules of the input `attestation`. Pure. */
import { UnikernelError } from "../../base/errors";
import type { CheckFailure, Rule } from "../../definition/resource";
import { isUnknown } from "../../definition/unknowns";
import { signerFromPem } from "../../image/attest/signer";
import type { ImageInputs } from "./inputs";

/** A signature comes from a key that can sign, or from a command. */
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
    const keyProblem = signingKey === undefined ? undefined : findKeyProblem(signingKey, signingKeyPassphrase);
    if (keyProblem !== undefined) failures.push({ property: "attestation.signingKey", reason: keyProblem });
    return failures;
  },
};

/** Why a key cannot sign, as the end of a sentence about it; `undefined` if it can. It never quotes the key. */
function findKeyProblem(pem: string, passphrase: string | undefined): string | undefined {
  if (isUnknown(pem) || isUnknown(passphrase)) return undefined;
  try {
    signerFromPem(pem, passphrase);
    return undefined;
  } catch (error) {
    if (!UnikernelError.has(error, "INPUT_INVALID")) throw error;
    return `${error.message.replace(/^The signing key /, "")} ${error.hint ?? ""}`.trim();
  }
}
