/** How a GatewayImage reaches registries: the program's login, the metro's token, Docker's configuration. */
import { parseReference } from "../../image/oci/reference";
import { createCredentialSource } from "../../image/registry/auth/credentialSource";
import type { CredentialSource } from "../../image/registry/auth/credentials";
import { resolveEndpoint } from "../../image/registry/endpoint";
import type { ProviderContext } from "../context";
import type { ImageInputs } from "./inputs";
import type { ImageDestination } from "./reference";

/** Credentials for the registries of an image and of its runtime. */
export function credentialSource(
  { metroToken }: Pick<ProviderContext, "metroToken">,
  { repository, isPushed }: ImageDestination,
  { registryCredentials }: Pick<ImageInputs, "registryCredentials">,
): CredentialSource {
  if (registryCredentials === undefined || !isPushed) return createCredentialSource({ metroToken });
  const { registry } = resolveEndpoint(parseReference(repository));
  const explicit = { [registry]: { type: "password" as const, ...registryCredentials } };
  return createCredentialSource({ explicit, metroToken });
}
