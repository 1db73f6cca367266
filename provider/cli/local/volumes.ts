/** `unikernel local volume ls` */
import { parseOptions } from "../../base/commandLineOptions";
import { omitUndefined } from "../../base/objects";
import { formatTable } from "../terminal/table";
import { formatMb, shortUuid } from "../terminal/units";
import { findLocal } from "./client";

/** Lists the volumes and who has them attached; starts no daemon. */
export async function listVolumes(args: readonly string[]): Promise<string> {
  const { json } = parseOptions(args, { json: "switch" });
  const found = await findLocal();
  if (found === undefined) return json ? "[]" : "The local platform is not running.";
  const rows = (await found.client.getVolumes({})).items.map((item) =>
    omitUndefined({
      name: item.name,
      uuid: item.uuid,
      state: item.state ?? "unknown",
      sizeMb: item.size_mb,
      freeMb: item.free_mb,
      attachedTo: (item.attached_to ?? []).map(({ name, uuid }) => name ?? uuid ?? ""),
      mountedBy: (item.mounted_by ?? []).map(({ name, uuid }) => name ?? uuid ?? ""),
    }),
  );
  if (json) return JSON.stringify(rows, undefined, 2);
  if (rows.length === 0) return "No volumes.";
  return formatTable(
    ["NAME", "UUID", "STATE", "SIZE", "FREE", "ATTACHED TO"],
    rows.map(({ name, uuid, state, sizeMb, freeMb, attachedTo }) => [
      name,
      shortUuid(uuid),
      state,
      sizeMb === undefined ? "?" : formatMb(sizeMb),
      freeMb === undefined ? "-" : formatMb(freeMb),
      attachedTo.length === 0 ? "-" : attachedTo.join(", "),
    ]),
  );
}
