/** Domain names of a service: input, rules, and wire format. Pure. */
import * as z from "zod";
import type { DomainRequest, ServiceItem } from "../../contract/models";
import { canonicalDomainName } from "../../base/hostNames";
import { omitUndefined } from "../../base/objects";
import { type CheckFailure, field, objectType } from "../../definition/resource";
import { idOrName, toReference } from "../common/fields";
import { matchesReference } from "../common/reference";

const LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
/** A label, or a full name: with dots, optionally with a leading wildcard or a trailing dot. */
const NAME_PATTERN = new RegExp(`^(${LABEL}|(\\*\\.)?${LABEL}(\\.${LABEL})+\\.?)$`, "i");
/** Including the trailing dot. Source: RFC 1035, section 2.3.4. */
const MAX_DOMAIN_LENGTH = 254;

/** One entry of `domains`. */
export const serviceDomain = objectType(
  "ServiceDomain",
  "A domain name of a service.",
  z.strictObject({
    name: field(
      z
        .string()
        .max(MAX_DOMAIN_LENGTH)
        .regex(NAME_PATTERN, "must be a label such as shop, or a domain name such as www.example.com or *.example.com"),
      {
        description:
          "A label below the metro's domain, such as `shop`, or your own domain name, such as `www.example.com`, with a CNAME record that points to the metro. A wildcard needs a `certificate`.",
      },
    ),
    certificate: field(idOrName().optional(), {
      description:
        "Id or name of a Certificate for your own domain name. Default: a matching certificate, else one that the platform obtains.",
    }),
  }),
);
/** One checked entry of `domains`. */
export type ServiceDomain = z.output<typeof serviceDomain>;

/** The end of an IPv4 address in any notation, which no domain name has. Source: URL standard, "ends in a number checker". */
const ENDS_IN_NUMBER = /\.(\d+|0x[0-9a-f]*)$/i;

const isFullName = (name: string): boolean => name.includes(".");

/** Rules for domains. Source: the platform's documentation. */
export function checkDomains(domains: readonly ServiceDomain[] = []): readonly CheckFailure[] {
  const plain = domains.map(({ name }) => canonicalDomainName(name));
  return domains.flatMap(({ name, certificate }, index) => {
    const at = `domains[${index}]`;
    const failures: CheckFailure[] = [];
    if (plain.indexOf(canonicalDomainName(name)) !== index) {
      failures.push({ property: `${at}.name`, reason: `"${name}" is given twice; list each domain once.` });
    }
    if (ENDS_IN_NUMBER.test(canonicalDomainName(name))) {
      const reason = `"${name}" ends in a number like an IP address; give a domain name.`;
      failures.push({ property: `${at}.name`, reason });
    }
    if (certificate !== undefined && !isFullName(name)) {
      const reason = `"${name}" is a label below the metro's domain, which already has a certificate; remove certificate, or give a full domain name.`;
      failures.push({ property: `${at}.certificate`, reason });
    }
    if (certificate === undefined && name.startsWith("*.")) {
      const reason = `required for the wildcard "${name}", because the platform obtains no wildcard certificates: give the id of a Certificate.`;
      failures.push({ property: `${at}.certificate`, reason });
    }
    return failures;
  });
}

/** Encodes a domain name. On the wire, a trailing dot marks a full name; without it, a label below the metro's domain. */
export const toWireDomainName = (name: string): string => (isFullName(name) && !name.endsWith(".") ? `${name}.` : name);

/** Encodes a domain. */
export const toWireDomain = ({ name, certificate }: ServiceDomain): DomainRequest =>
  omitUndefined({
    name: toWireDomainName(name),
    certificate: certificate === undefined ? undefined : toReference(certificate),
  });

/** True if the reported domain `fqdn` is the one that the program requested as `name`. */
export function matchesDomain(name: string, fqdn: string): boolean {
  const [requested, reported] = [canonicalDomainName(name), canonicalDomainName(fqdn)];
  return isFullName(name) ? requested === reported : reported.startsWith(`${requested}.`);
}

type ReportedDomain = NonNullable<ServiceItem["domains"]>[number];

function fromWireDomain({ fqdn, certificate }: ReportedDomain, requested: readonly ServiceDomain[]): ServiceDomain {
  const matching = requested.filter(({ name }) => matchesDomain(name, fqdn));
  const mine = matching.find(({ name }) => isFullName(name)) ?? matching[0];
  const id = certificate?.uuid ?? certificate?.name;
  if (mine === undefined) return omitUndefined({ name: canonicalDomainName(fqdn), certificate: id });
  // The program left the certificate to the platform, so any certificate is right.
  if (mine.certificate === undefined) return mine;
  return matchesReference(mine.certificate, certificate ?? {})
    ? mine
    : omitUndefined({ name: mine.name, certificate: id });
}

/** Longest label of a domain name (63) without the suffix that makes it unique. Source: RFC 1035, section 2.3.4. */
const MAX_STEM_LENGTH = 63 - "-12345678".length;

/** True if the domain looks like one that a metro generates: the name of the service, then a dash and 8 letters or digits. */
function isGeneratedDomain({ name, certificate }: ServiceDomain, service: string): boolean {
  const [label = ""] = name.split(".");
  const stem = label.replace(/-[a-z0-9]{8}$/, "");
  if (certificate !== undefined || stem === label) return false;
  // A service created without a name has a generated name, which equals the label.
  return label === service || stem === service || (service.length > MAX_STEM_LENGTH && service.startsWith(stem));
}

/**
 * The reported domains, in the requested form. If none were requested, the domain that the metro generated is left out; undefined
 * if no other is left.
 *
 * @param service name of the service
 */
export function fromWireDomains(
  reported: ServiceItem["domains"],
  requested: readonly ServiceDomain[] | undefined,
  service: string,
): ServiceDomain[] | undefined {
  const observed = (reported ?? []).map((domain) => fromWireDomain(domain, requested ?? []));
  if (requested !== undefined) return observed;
  // A single domain is the generated one even if the metro's release generates names of another form.
  const isAlone = observed.length === 1 && observed[0]?.certificate === undefined;
  const others = isAlone ? [] : observed.filter((domain) => !isGeneratedDomain(domain, service));
  return others.length === 0 ? undefined : others;
}

/**
 * The domains that the program declares now or declared before, for decoding reported domains: a certificate that is no longer
 * declared may still be set, and a full name that is no longer declared must not be taken for a label.
 */
export function everDeclared(news: readonly ServiceDomain[], olds: readonly ServiceDomain[] = []): ServiceDomain[] {
  const inList = (list: readonly ServiceDomain[], { name }: ServiceDomain): ServiceDomain | undefined =>
    list.find((one) => canonicalDomainName(one.name) === canonicalDomainName(name));
  return [
    ...news.map((domain) => (domain.certificate === undefined ? (inList(olds, domain) ?? domain) : domain)),
    ...olds.filter((domain) => inList(news, domain) === undefined),
  ];
}

/** The observed domains that the program declared; undefined if there are none. The program must not release any others. */
export function declaredDomains(
  observed: readonly ServiceDomain[] = [],
  declared: readonly ServiceDomain[] = [],
): ServiceDomain[] | undefined {
  const ownDomains = observed.filter(({ name }) =>
    declared.some((mine) => canonicalDomainName(mine.name) === canonicalDomainName(name)),
  );
  return ownDomains.length === 0 ? undefined : ownDomains;
}
