/** Domain names of a service: input, rules, and wire format. Pure. */
import * as z from "zod";
import type { DomainRequest, ServiceItem } from "../../contract/models";
import { canonicalDomainName } from "../../base/hostNames";
import { omitUndefined } from "../../base/objects";
import { type CheckFailure, field, objectType } from "../../definition/resource";
import { idOrName, toReference } from "../common/fields";
import { matchesReference } from "../common/reference";

const LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
/** A label, or a whole name: with dots, perhaps with a wildcard before it or a dot behind it. */
const NAME_PATTERN = new RegExp(`^(${LABEL}|(\\*\\.)?${LABEL}(\\.${LABEL})+\\.?)$`, "i");
/** With the dot at its end. Source: RFC 1035, section 2.3.4. */
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
export type ServiceDomain = z.output<typeof serviceDomain>;

/** The end of an address, in any of its forms, and of no domain name. Source: the URL standard, "ends in a number". */
const ENDS_IN_NUMBER = /\.(\d+|0x[0-9a-f]*)$/i;

const isFullName = (name: string): boolean => name.includes(".");

/** The rules of the platform's documentation for domains. */
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
      const reason = `required for the wildcard "${name}", for which the platform obtains none: give the id of a Certificate.`;
      failures.push({ property: `${at}.certificate`, reason });
    }
    return failures;
  });
}

/** To the wire, where a dot at the end says that a name stands by itself. */
export const toWireDomainName = (name: string): string => (isFullName(name) && !name.endsWith(".") ? `${name}.` : name);

/** To the wire. */
export const toWireDomain = ({ name, certificate }: ServiceDomain): DomainRequest =>
  omitUndefined({
    name: toWireDomainName(name),
    certificate: certificate === undefined ? undefined : toReference(certificate),
  });

/** Is this domain, as it is reported, the one that a program asked for by this name? */
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
  // One that the program left to the platform is the platform's to change.
  if (mine.certificate === undefined) return mine;
  return matchesReference(mine.certificate, certificate ?? {})
    ? mine
    : omitUndefined({ name: mine.name, certificate: id });
}

/** Longest label of a domain name, without what makes it unique. Source: RFC 1035, section 2.3.4. */
const MAX_STEM_LENGTH = 63 - "-12345678".length;

/** Has it the form in which a metro names a service that asks for no domain: after the service, with 8 letters or digits behind? */
function isGeneratedDomain({ name, certificate }: ServiceDomain, service: string): boolean {
  const [label = ""] = name.split(".");
  const stem = label.replace(/-[a-z0-9]{8}$/, "");
  if (certificate !== undefined || stem === label) return false;
  // One that was made without a name has such a name itself.
  return label === service || stem === service || (service.length > MAX_STEM_LENGTH && service.startsWith(stem));
}

/**
 * What the API reports, in the form the program wrote. Where it wrote none, the one that the metro generated is none as well.
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
  // A single one is the metro's also where its release names them otherwise.
  const isAlone = observed.length === 1 && observed[0]?.certificate === undefined;
  const others = isAlone ? [] : observed.filter((domain) => !isGeneratedDomain(domain, service));
  return others.length === 0 ? undefined : others;
}

/**
 * What a program says of domains, and what it said before, to read what is there by: a certificate that it says no more is there
 * still, and a whole name that it says no more is not the label which it begins with.
 */
export function everDeclared(news: readonly ServiceDomain[], olds: readonly ServiceDomain[] = []): ServiceDomain[] {
  const inList = (list: readonly ServiceDomain[], { name }: ServiceDomain): ServiceDomain | undefined =>
    list.find((one) => canonicalDomainName(one.name) === canonicalDomainName(name));
  return [
    ...news.map((domain) => (domain.certificate === undefined ? (inList(olds, domain) ?? domain) : domain)),
    ...olds.filter((domain) => inList(news, domain) === undefined),
  ];
}

/** Those among what is there that a program said: all others are not its to release. */
export function declaredDomains(
  observed: readonly ServiceDomain[] = [],
  reportedValue: readonly ServiceDomain[] = [],
): ServiceDomain[] | undefined {
  const ownDomains = observed.filter(({ name }) =>
    reportedValue.some((mine) => canonicalDomainName(mine.name) === canonicalDomainName(name)),
  );
  return ownDomains.length === 0 ? undefined : ownDomains;
}
