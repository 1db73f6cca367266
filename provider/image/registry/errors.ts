/** Errors of requests to a registry. */
import { UnikernelError, systemErrorCode } from "../../base/errors";

/** One request to a registry, for messages. */
export interface RegistryRequest {
  /** Host with port if any. */
  readonly registry: string;
  /** Such as `manifest 'official/base:latest'`. */
  readonly subject: string;
}

/** The error for an invalid response. `found` describes it, such as `a document larger than 4 MiB`. */
export const malformedError = ({ registry, subject }: RegistryRequest, found: string): UnikernelError =>
  new UnikernelError("API_SHAPE", `The registry '${registry}' sent ${found} for ${subject}.`, {
    hint: "Check that the host is an OCI registry.",
  });

/** The error for a status other than 200. */
export function statusError(request: RegistryRequest, status: number): UnikernelError {
  const message = `The registry '${request.registry}' returned HTTP ${status} for ${request.subject}.`;
  if (status === 401 || status === 403) {
    return new UnikernelError("API_UNAUTHORIZED", message, {
      hint: "Check the name. Private images are not supported.",
    });
  }
  if (status === 404) return new UnikernelError("NOT_FOUND", message, { hint: "Check the name and the tag." });
  if (status === 429 || status >= 500) return new UnikernelError("API_UNREACHABLE", message, { hint: "Retry later." });
  return malformedError(request, `HTTP ${status}`);
}

/** The error for a request without a response. Quotes the error's code only: an axios error contains the token. */
export function unreachableError({ registry, subject }: RegistryRequest, error: unknown): UnikernelError {
  if (UnikernelError.is(error)) return error;
  const reason =
    systemErrorCode(error) ?? (error instanceof Error && error.name !== "AxiosError" ? error.message : "no response");
  return new UnikernelError("API_UNREACHABLE", `Fetching ${subject} from registry '${registry}' failed (${reason}).`, {
    hint: "Check the network and the registry's host.",
  });
}
