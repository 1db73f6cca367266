/** Outputs of a Service. Pure. */
import * as z from "zod";
import type { InstanceItem, ServiceItem } from "../../contract/models";
import { canonicalDomainName } from "../../base/hostNames";
import { field, objectType } from "../../definition/resource";
import { imageDefaultsField } from "../workload/labels/imageDefaultsOutput";
import { digestIn } from "../workload/request";
import { type ReplicaFacts, memberOutput, toMemberOutput } from "./memberOutputs";
import { serviceUrl } from "./ports";
import type { ServiceInputs } from "./inputs";

/** Outputs of a Service. */
export const serviceOutputs = z.object({
  url: field(z.string(), {
    description:
      "URL of the service: `https://…` if a port has the `tls` handler, else `http://…`; empty if there is none. Its port differs from the published one where the local platform may not open that.",
  }),
  fqdn: field(z.string(), { description: "First of `fqdns`; empty if there is none." }),
  fqdns: field(z.array(z.string()), { description: "Fully qualified domain names of the service." }),
  certificates: field(
    z.array(
      objectType(
        "ServiceCertificate",
        "The certificate of a domain of a service.",
        z.object({
          domain: field(z.string(), { description: "Fully qualified domain name." }),
          uuid: field(z.string(), { description: "UUID of the certificate." }),
          name: field(z.string(), { description: "Name of the certificate." }),
          state: field(z.string(), {
            description: "`valid`, `error`, or `pending`: being issued, and the domain not served yet.",
          }),
        }),
      ),
    ),
    {
      description: "Certificates of the domains at the last refresh. Labels below the metro's domain have none.",
    },
  ),
  persistent: field(z.boolean(), { description: "False for a service that is deleted with its last instance." }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
  digest: field(z.string(), { description: "Digest of the image that the replicas run; empty without replicas." }),
  imageDefaults: imageDefaultsField(),
  hashKey: field(z.string().optional(), {
    description:
      "Key of the hashes by which the replicas are marked, so that nobody can guess secret values of `reloadOn` from them. Absent for a service that was only looked up.",
    secret: true,
  }),
  instances: field(z.array(memberOutput), {
    description:
      "The replicas at the last create, update or refresh. A refresh updates states, times and counters without showing a change.",
  }),
});
/** The output values of a Service. */
export type ServiceOutputs = z.output<typeof serviceOutputs>;

type DomainCertificate = NonNullable<NonNullable<ServiceItem["domains"]>[number]["certificate"]>;

const toCertificateOutput = (fqdn: string, { uuid = "", name = "", state }: DomainCertificate) => ({
  domain: canonicalDomainName(fqdn),
  uuid,
  name,
  state: state ?? "",
});

/** The outputs. `instances` are the replicas. */
export function toOutputs(
  item: ServiceItem,
  ports: ServiceInputs["ports"],
  instances: readonly InstanceItem[],
  facts: ReplicaFacts,
): ServiceOutputs {
  const fqdns = (item.domains ?? []).map(({ fqdn }) => canonicalDomainName(fqdn));
  return {
    url: serviceUrl(fqdns, ports, item.services ?? []),
    fqdn: fqdns[0] ?? "",
    fqdns,
    certificates: (item.domains ?? []).flatMap(({ fqdn, certificate }) =>
      certificate == null ? [] : [toCertificateOutput(fqdn, certificate)],
    ),
    persistent: item.persistent ?? true,
    createdAt: item.created_at ?? "",
    digest: digestIn(instances[0]?.image ?? "") ?? "",
    hashKey: facts.hashKey,
    instances: instances.map((instance) => toMemberOutput(instance, facts)),
  };
}
