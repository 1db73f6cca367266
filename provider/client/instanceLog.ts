/** The console log of an instance, read in parts. */
import { type Client, onlyItem } from "./client";

/** Most bytes of a log in one response. Source: the platform's documentation. */
const MAX_LOG_BYTES = 16_383;

/**
 * The whole log, as far as the metro has kept it. Throws the client's errors.
 *
 * @param which the instance, by its name or UUID
 * @param attempted what is done, for an error
 */
export async function readInstanceLog(
  client: Client,
  which: { readonly name: string } | { readonly uuid: string },
  attempted: string,
): Promise<string> {
  const selected = "uuid" in which ? { uuid: [which.uuid] } : { name: [which.name] };
  const chunks: Buffer[] = [];
  for (let offset = 0; ;) {
    const query = { ...selected, offset: [offset], limit: [MAX_LOG_BYTES] };
    const { output = "", range, available } = onlyItem(await client.getInstanceLogs({ query }), attempted);
    chunks.push(Buffer.from(output, "base64"));
    const end = range?.end ?? 0;
    if (end <= offset || end >= (available?.end ?? 0)) return Buffer.concat(chunks).toString("utf8");
    offset = end;
  }
}
