/** Looks an object up once, by its uuid or by its name. `undefined` only when the API said that it does not exist. */
import { itemFailure } from "../api/failure";
import { ITEM_CODES } from "../api/codes";
import type { CertificateItem, ServiceItem, VolumeItem } from "../api/models";
import { UnikernelError } from "../base/errors";
import type { ProviderContext } from "./context";
import { isUuid } from "./fields";

/** The part of an item that says how it fared. */
interface Item {
  readonly status?: string | undefined;
  readonly message?: string | undefined;
  readonly error?: number | undefined;
}
/** The client's function that reads one kind of object. */
type Read<I> = (request: { query: { name: string[] } }) => Promise<{
  readonly items: readonly I[];
  readonly message: string | undefined;
}>;

async function byName<I extends Item>(kind: string, read: Read<I>, name: string): Promise<I | undefined> {
  const { items, message } = await read({ query: { name: [name] } });
  const attempted = `Reading ${kind} '${name}'`;
  const [item] = items;
  if (item === undefined) throw new UnikernelError("API_SHAPE", `${attempted} failed: the answer is empty.`);
  if (item.error === ITEM_CODES.NotFound) return undefined;
  if (item.status === "error") throw itemFailure(attempted, item, message);
  return item;
}

/** A service. */
export const findService = ({ reader, client }: ProviderContext, id: string): Promise<ServiceItem | undefined> =>
  isUuid(id) ? reader.service(id) : byName("service", client.getServices, id);

/** A volume. */
export const findVolume = ({ reader, client }: ProviderContext, id: string): Promise<VolumeItem | undefined> =>
  isUuid(id) ? reader.volume(id) : byName("volume", client.getVolumes, id);

/** A certificate. */
export const findCertificate = (
  { reader, client }: ProviderContext,
  id: string,
): Promise<CertificateItem | undefined> =>
  isUuid(id) ? reader.certificate(id) : byName("certificate", client.getCertificates, id);
