/** Certificate: chain and key for domains of services. */
import * as z from "zod";
import { onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import { createOrRecover } from "../../client/transport/createOrRecover";
import { type CertificateItem, commonNameOf } from "../../contract/models";
import { omitUndefined } from "../../base/objects";
import { canonicalDomainName } from "../../base/hostNames";
import { UnikernelError, withErrorContext } from "../../base/errors";
import { defineResource, field } from "../../definition/resource";
import { diff } from "../../definition/diff";
import {
  type CertificateInputs,
  certificateInputs,
  certificateRules,
  parseChain,
  isSameSerial,
  toPkcs8,
} from "./inputs";
import { assertAdoptable } from "../common/adopt";
import { type ProviderContext, withTimeLimit } from "../context";
import { findCertificate } from "../common/find";

const outputs = z.object({
  state: field(z.string(), { description: "`valid`, `pending` while it is being issued, or `error`." }),
  subject: field(z.string(), { description: "Whom it was issued to; empty while it is pending." }),
  issuer: field(z.string(), { description: "Who issued it; empty while it is pending." }),
  serialNumber: field(z.string(), { description: "Its serial number in hexadecimal; empty while it is pending." }),
  notBefore: field(z.string(), { description: "When it begins to be valid, RFC 3339; empty while it is pending." }),
  notAfter: field(z.string(), { description: "Until when it is valid, RFC 3339; empty while it is pending." }),
  validation: field(z.string(), {
    description:
      "How issuing it goes, such as `attempt 2, the next at 2026-01-01T00:00:00Z`; empty unless it is pending.",
  }),
  createdAt: field(z.string(), { description: "Creation time, RFC 3339." }),
});
type Outputs = z.output<typeof outputs>;

function toOutputs(item: CertificateItem): Outputs {
  const { attempt, next } = item.validation ?? {};
  const after = next === undefined ? "" : `, the next at ${next}`;
  return {
    state: item.state ?? "",
    subject: item.subject ?? "",
    issuer: item.issuer ?? "",
    serialNumber: item.serial_number ?? "",
    notBefore: item.not_before ?? "",
    notAfter: item.not_after ?? "",
    validation: attempt === undefined ? "" : `attempt ${attempt}${after}`,
    createdAt: item.created_at ?? "",
  };
}

/** Chain and key are never reported; that another certificate was uploaded shows by its serial number. */
function observedInputs(item: CertificateItem, requested: Partial<CertificateInputs>): CertificateInputs {
  const reported = commonNameOf(item) ?? "";
  const commonName = requested.commonName;
  const isSameDomain =
    commonName !== undefined && (reported === "" || canonicalDomainName(commonName) === canonicalDomainName(reported));
  const serial = item.serial_number ?? "";
  const requestedSerial = requested.chain === undefined ? undefined : parseChain(requested.chain)?.[0]?.serialNumber;
  const isSameChain = serial === "" || requestedSerial === undefined || isSameSerial(serial, requestedSerial);
  // Without inputs (a `get`) chain and key stay unknown, whatever the type says.
  return omitUndefined({
    name: item.name,
    commonName: isSameDomain ? commonName : reported,
    chain: isSameChain ? requested.chain : `the certificate with serial number ${serial}`,
    key: requested.key,
    adopt: requested.adopt ?? false,
  }) as CertificateInputs;
}

/** The error with the input that it is about. */
const withInputContext = (error: unknown): unknown =>
  withErrorContext(error, {
    ALREADY_EXISTS: { property: "name" },
    CERTIFICATE_MISMATCH: { property: "commonName" },
    API_REJECTED: { property: "chain" },
  });

/** The error of a change; a metro may not offer any, by its answer or by having no such operation in either form. */
function withChangeContext(error: unknown): unknown {
  const { status } = UnikernelError.is(error) ? error.details : {};
  const isOffered = !UnikernelError.has(error, "NOT_SUPPORTED") && status !== 404 && status !== 405;
  if (isOffered || !UnikernelError.is(error)) return withInputContext(error);
  const hint = "This metro changes no certificates: have it replaced, by 'pulumi up --replace' with its URN.";
  return withErrorContext(error, { [error.code]: { property: "chain", hint } });
}

async function replaceChainAndKey(
  { client }: ProviderContext,
  id: string,
  { name = id, chain, key }: CertificateInputs,
): Promise<Outputs> {
  try {
    const attempted = `Changing certificate '${name}'`;
    onlyItem(await client.updateCertificates({ body: [{ uuid: id, chain, pkey: toPkcs8(key) }] }), attempted);
  } catch (error) {
    throw withChangeContext(error);
  }
  return toOutputs(onlyItem(await client.getCertificates({ query: { uuid: [id] } }), `Reading certificate '${name}'`));
}

/** Brings a certificate that exists to what is asked for; `undefined` when there is none of the name. */
async function adoptExisting(context: ProviderContext, inputs: CertificateInputs) {
  const { name = "" } = inputs;
  const item = await findCertificate(context, name);
  if (item === undefined) return undefined;
  const what = `Certificate '${name}'`;
  const mustChange = assertAdoptable({ inputs: certificateInputs }, what, observedInputs(item, inputs), inputs);
  const outputs = mustChange ? await replaceChainAndKey(context, item.uuid, inputs) : toOutputs(item);
  return { id: item.uuid, outputs };
}

/** The Certificate resource. */
export const certificate = defineResource({
  kind: "Certificate",
  description:
    "A certificate with its key, for domains of services. Without one, the platform has certificates issued for such domains by itself.",
  inputs: certificateInputs,
  outputs,
  rules: certificateRules,
  describeUpdate: () => ["upload the new chain and key"],

  async create(unlimited: ProviderContext, inputs) {
    const { createMs } = unlimited.timeouts;
    const context = withTimeLimit(unlimited, createMs, `Creating certificate '${inputs.name ?? ""}'`);
    const adopted = inputs.adopt ? await adoptExisting(context, inputs) : undefined;
    if (adopted !== undefined) return adopted;
    const { name = "", commonName, chain, key } = inputs;
    const { client } = context;
    const body = { name, common_name: commonName, chain, pkey: toPkcs8(key) };
    const made = await createOrRecover<CertificateItem>(
      context,
      async () =>
        onlyItem(await client.createCertificate({ body }), `Creating certificate '${name}' for '${commonName}'`),
      async () => (await client.getCertificates({ query: { name: [name] } })).items[0],
      (found) => diff({ inputs: certificateInputs }, observedInputs(found, inputs), inputs).length === 0,
    ).catch((error: unknown) => {
      throw withInputContext(error);
    });
    // What the answer to a create leaves out is no reason to fail one that succeeded.
    const item = await findCertificate(context, made.uuid).catch(() => undefined);
    return { id: made.uuid, outputs: toOutputs(item ?? made) };
  },

  async read(context, id, inputs) {
    const item = await findCertificate(context, id);
    if (item === undefined) return undefined;
    return { id: item.uuid, inputs: observedInputs(item, inputs), outputs: toOutputs(item) };
  },

  update: (context, id, _olds, news) =>
    replaceChainAndKey(
      withTimeLimit(context, context.timeouts.updateMs, `Updating certificate '${news.name ?? id}'`),
      id,
      news,
    ),

  async delete(unlimited, id, olds) {
    const attempted = `Deleting certificate '${olds.inputs.name ?? id}'`;
    const context = withTimeLimit(unlimited, unlimited.timeouts.deleteMs, attempted);
    const reply = await context.client.deleteCertificates({ body: [{ uuid: id }] });
    if (reply.items[0]?.error === ITEM_CODES.NotFound) return;
    try {
      onlyItem(reply, attempted);
    } catch (error) {
      const used = await findCertificate(context, id).catch(() => undefined);
      const services = (used?.service_groups ?? []).map(({ name }) => `'${name}'`).join(", ");
      const hint = `Take it out of the domains of service ${services} first.`;
      throw withErrorContext(error, { IN_USE: services === "" ? {} : { hint } });
    }
  },
});
