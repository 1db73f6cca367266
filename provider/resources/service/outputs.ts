/** What a Service reports beside its inputs. Pure. */
import * as z from "zod";
import type { InstanceItem, ServiceItem } from "../../contract/models";
import { canonicalDomainName } from "../../base/hostNames";
import { field, objectType } from "../../definition/resource";
import { digestIn } from "../workload/request";
import { serviceUrl } from "./ports";
import type { ServiceInputs } from "./inputs";

/** Outputs of a Service. */
export const serviceOutputs = z.object({
  url: field(z.string(), { description: "Address of the service: `https://…` when a port has the `tls` handler." }),
  fqdn: field(z.string(), { description: "The first of `fqdns`." }),
  fqdns: field(z.array(z.string()), { description: "All its domain names, in full." }),
  certificates: field(
    z.array(
      objectType(
        "ServiceCertificate",
        "The certificate of a domain of a service.",
        z.object({
          domain: field(z.string(), { description: "The domain name, in full." }),
          uuid: field(z.string(), { description: "UUID of the certificate." }),
          name: field(z.string(), { description: "Name of the certificate." }),
          state: field(z.string(), {
            description: "`valid`, `pending` while it is being issued and its domain is not served, or `error`.",
          }),
        }),
      ),
    ),
    {
      description:
        "The certificates of its domains when last looked at; of a label below the metro's domain there is none.",
    },
  ),
  persistent: field(z.boolean(), { description: "False for a service that goes with its last instance." }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
  digest: field(z.string(), { description: "Digest of the image that the replicas run; empty without replicas." }),
  instances: field(
    z.array(
      objectType(
        "ServiceInstance",
        "A replica.",
        z.object({
          uuid: field(z.string(), { description: "UUID of the instance." }),
          name: field(z.string(), { description: "Name of the instance." }),
        }),
      ),
    ),
    { description: "The replicas." },
  ),
});
/** What a Service reports. */
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
): ServiceOutputs {
  const fqdns = (item.domains ?? []).map(({ fqdn }) => canonicalDomainName(fqdn));
  return {
    url: serviceUrl(fqdns, ports),
    fqdn: fqdns[0] ?? "",
    fqdns,
    certificates: (item.domains ?? []).flatMap(({ fqdn, certificate }) =>
      certificate == null ? [] : [toCertificateOutput(fqdn, certificate)],
    ),
    persistent: item.persistent ?? true,
    createdAt: item.created_at ?? "",
    digest: digestIn(instances[0]?.image ?? "") ?? "",
    instances: instances.map(({ uuid, name }) => ({ uuid, name })),
  };
}
