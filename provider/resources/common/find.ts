/** Single reads of an object by UUID or name. They return undefined only if the API reports that the object does not exist. */
import { type Reply, onlyItem } from "../../client/client";
import { ITEM_CODES } from "../../contract/codes";
import type { CertificateItem, ServiceItem, VolumeItem } from "../../contract/models";
import type { ItemOf } from "../../contract/routes";
import type { ProviderContext } from "../context";
import { isUuid } from "./fields";

/** Routes that read an object by name. */
type ReadRoute = "getServices" | "getVolumes" | "getCertificates";

async function readByName<K extends ReadRoute>(reply: Promise<Reply<K>>, what: string): Promise<ItemOf<K> | undefined> {
  const response = await reply;
  return response.items[0]?.error === ITEM_CODES.NotFound ? undefined : onlyItem(response, `Reading ${what}`);
}

/** A service by UUID or name; undefined if it does not exist. */
export const findService = ({ reader, client }: ProviderContext, id: string): Promise<ServiceItem | undefined> =>
  isUuid(id) ? reader.service(id) : readByName(client.getServices({ query: { name: [id] } }), `service '${id}'`);

/** A volume by UUID or name; undefined if it does not exist. */
export const findVolume = (
  { reader, client }: Pick<ProviderContext, "reader" | "client">,
  id: string,
): Promise<VolumeItem | undefined> =>
  isUuid(id) ? reader.volume(id) : readByName(client.getVolumes({ query: { name: [id] } }), `volume '${id}'`);

/** A certificate by UUID or name; undefined if it does not exist. */
export const findCertificate = (
  { reader, client }: ProviderContext,
  id: string,
): Promise<CertificateItem | undefined> =>
  isUuid(id)
    ? reader.certificate(id)
    : readByName(client.getCertificates({ query: { name: [id] } }), `certificate '${id}'`);
