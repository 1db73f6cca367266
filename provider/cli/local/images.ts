/** `unikernel local images` */
import { parseOptions } from "../../base/commandLineOptions";
import { omitUndefined } from "../../base/objects";
import { stripPlatformPrefix } from "../../contract/imageUrl";
import { formatTable } from "../terminal/table";
import { formatBytes } from "../terminal/units";
import { connectLocal } from "./client";

const SHORT_DIGEST_LENGTH = 12;

/** Lists the images of this machine: those that were built here, and those of registries that an instance runs. */
export async function images(args: readonly string[]): Promise<string> {
  const { json } = parseOptions(args, { json: "switch" });
  const { client } = await connectLocal();
  const rows = (await client.getImages({})).items.map((item) => {
    const [name = "", digest = ""] = stripPlatformPrefix(item.url).split("@");
    return omitUndefined({
      name,
      digest,
      tags: (item.tags ?? []).map((tag) => tag.slice(name.length + 1)),
      sizeBytes: item.size_in_bytes ?? 0,
      createdAt: item.created_at,
    });
  });
  if (json) return JSON.stringify(rows, undefined, 2);
  if (rows.length === 0)
    return "No images. A GatewayImage builds one, and 'image' of an instance may name one of a registry.";
  return formatTable(
    ["NAME", "TAGS", "DIGEST", "SIZE", "CREATED"],
    rows.map(({ name, tags, digest, sizeBytes, createdAt }) => [
      name,
      tags.length === 0 ? "-" : tags.join(", "),
      digest.replace(/^sha256:/, "").slice(0, SHORT_DIGEST_LENGTH),
      formatBytes(sizeBytes),
      createdAt ?? "-",
    ]),
  );
}
