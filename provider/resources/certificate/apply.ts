/** Updates a Certificate in place. */
import { onlyItem } from "../../client/client";
import { UnikernelError, withErrorContext } from "../../base/errors";
import type { ProviderContext } from "../context";
import type { CertificateInputs } from "./inputs";
import { type CertificateOutputs, toOutputs } from "./outputs";
import { toPkcs8 } from "./pem";

/** The error with the input that caused it. */
export const withInputContext = (error: unknown): unknown =>
  withErrorContext(error, {
    ALREADY_EXISTS: { property: "name" },
    CERTIFICATE_MISMATCH: { property: "commonName" },
    API_REJECTED: { property: "chain" },
  });

/** The error of a change. A metro without this operation responds with `NOT_SUPPORTED`, 404 or 405; the hint is to replace. */
function withChangeContext(error: unknown): unknown {
  const { status } = UnikernelError.is(error) ? error.details : {};
  const isSupported = !UnikernelError.has(error, "NOT_SUPPORTED") && status !== 404 && status !== 405;
  if (isSupported || !UnikernelError.is(error)) return withInputContext(error);
  const hint = "This metro cannot change certificates: replace it with 'pulumi up --replace' and its URN.";
  return withErrorContext(error, { [error.code]: { property: "chain", hint } });
}

/** Replaces chain and key of an existing certificate without downtime. */
export async function replaceChainAndKey(
  { client }: ProviderContext,
  id: string,
  { name = id, chain, key }: CertificateInputs,
): Promise<CertificateOutputs> {
  try {
    const attempted = `Changing certificate '${name}'`;
    onlyItem(await client.updateCertificates({ body: [{ uuid: id, chain, pkey: toPkcs8(key) }] }), attempted);
  } catch (error) {
    throw withChangeContext(error);
  }
  return toOutputs(onlyItem(await client.getCertificates({ query: { uuid: [id] } }), `Reading certificate '${name}'`));
}
