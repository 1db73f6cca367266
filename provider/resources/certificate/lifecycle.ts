/** How a Certificate is created, read, updated and deleted. */
import { onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import { createOrRecover } from "../../client/transport/createOrRecover";
import type { CertificateItem } from "../../contract/models";
import { withErrorContext } from "../../base/errors";
import type { Lifecycle, NameHolder } from "../../definition/resource";
import { containsUnknown, withoutUnknowns } from "../../definition/unknowns";
import { diff } from "../../definition/diff";
import { assertAdoptable } from "../common/adopt";
import { createOrResume } from "../common/createOrResume";
import { type ProviderContext, withTimeLimit } from "../context";
import { findCertificate } from "../common/find";
import { replaceChainAndKey, withInputContext } from "./apply";
import { type CertificateInputs, certificateInputs } from "./inputs";
import { type certificateOutputs, toOutputs } from "./outputs";
import { observedInputs, toCreateRequest } from "./wire";

/** The existing certificate of this name, and what must change; undefined if there is none to adopt. */
async function findAdoptable(context: ProviderContext, inputs: CertificateInputs) {
  const { name = "" } = inputs;
  const item = await findCertificate(context, name);
  if (item === undefined) return undefined;
  const found = observedInputs(item, withoutUnknowns(inputs));
  const changes = diff({ inputs: certificateInputs }, found, inputs);
  return { id: item.uuid, inputs: found, outputs: toOutputs(item), changes };
}

/** Updates the existing certificate of this name to match the inputs; undefined if there is none. */
async function adoptExisting(context: ProviderContext, inputs: CertificateInputs) {
  const found = await findAdoptable(context, inputs);
  if (found === undefined) return undefined;
  assertAdoptable(`Certificate '${inputs.name ?? ""}'`, found, inputs);
  const outputs = found.changes.length === 0 ? found.outputs : await replaceChainAndKey(context, found.id, inputs);
  return { id: found.id, outputs };
}

/** True if the certificate equals the request, apart from unknown values. */
const isSameCertificate = (item: CertificateItem, inputs: CertificateInputs): boolean =>
  diff({ inputs: certificateInputs }, observedInputs(item, withoutUnknowns(inputs)), inputs).every(({ property }) =>
    containsUnknown(inputs[property as keyof CertificateInputs]),
  );

/**
 * Who created a certificate. It has no tags, and one request creates it completely: an equal certificate that no service uses counts
 * as left by a killed create of this resource.
 */
function certificateHolder(
  { ownership }: ProviderContext,
  item: CertificateItem,
  inputs: CertificateInputs,
): NameHolder {
  if (ownership === undefined || !isSameCertificate(item, inputs)) return "unmarked";
  return (item.service_groups ?? []).length === 0 ? "unfinished" : "finished";
}

/** The lifecycle of a Certificate. */
export const lifecycle: Lifecycle<typeof certificateInputs, typeof certificateOutputs, ProviderContext> = {
  findAdoptable,
  describeUpdate: () => ["upload the new chain and key"],

  async findNameHolder(context, id, inputs) {
    const item = await findCertificate(context, id);
    return item && certificateHolder(context, item, inputs);
  },

  async create(unlimited, inputs) {
    const { createMs } = unlimited.timeouts;
    const context = withTimeLimit(unlimited, createMs, `Creating certificate '${inputs.name ?? ""}'`);
    const adopted = inputs.adopt ? await adoptExisting(context, inputs) : undefined;
    if (adopted !== undefined) return adopted;
    const { name = "", commonName } = inputs;
    const { client } = context;
    const body = toCreateRequest(inputs);
    const created = await createOrResume<CertificateItem>(context, {
      kind: "Certificate",
      name,
      create: () =>
        createOrRecover<CertificateItem>(
          context,
          async () =>
            onlyItem(await client.createCertificate({ body }), `Creating certificate '${name}' for '${commonName}'`),
          async () => (await client.getCertificates({ query: { name: [name] } })).items[0],
          (found) => isSameCertificate(found, inputs),
        ),
      findHolder: async () => {
        const object = await findCertificate(context, name);
        return object && { object, holder: certificateHolder(context, object, inputs) };
      },
      resume: (found) => Promise.resolve(found),
      discard: () => Promise.resolve(),
      errorContexts: {},
    }).catch((error: unknown) => {
      throw withInputContext(error);
    });
    // The create response may be incomplete. If this read fails, the create has still succeeded.
    const item = await findCertificate(context, created.uuid).catch(() => undefined);
    return { id: created.uuid, outputs: toOutputs(item ?? created) };
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
      const item = await findCertificate(context, id).catch(() => undefined);
      const services = (item?.service_groups ?? []).map(({ name }) => `'${name}'`).join(", ");
      const hint = `Remove it from the domains of service ${services} first.`;
      throw withErrorContext(error, { IN_USE: services === "" ? {} : { hint } });
    }
  },
};
