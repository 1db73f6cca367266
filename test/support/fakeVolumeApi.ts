/** Volumes in memory behind the cloud's routes: enough of an API for programs that only create volumes. */
import * as crypto from "node:crypto";
import { type ReceivedRequest, type FakeApi, startFakeApi, success } from "./fakeApi";

/** A running API and its content. */
export interface FakeVolumeApi extends FakeApi {
  /** Names of the volumes by uuid. */
  readonly volumes: Map<string, string>;
}

/** Starts an API. Ids are unique across all of them. */
export async function startFakeVolumeApi(): Promise<FakeVolumeApi> {
  const volumes = new Map<string, string>();
  const sizes = new Map<string, number>();
  const tags = new Map<string, readonly string[]>();
  const item = (uuid: string) => {
    const name = volumes.get(uuid);
    if (name === undefined) return { status: "error", error: 8, uuid };
    const settings = { size_mb: sizes.get(uuid), tags: tags.get(uuid), filesystem: "ext4" };
    return { status: "success", uuid, name, ...settings, state: "available" };
  };
  const api = await startFakeApi(({ method, url, body }: ReceivedRequest) => {
    if (method === "POST") {
      const { name, size_mb, tags: given = [] } = body as { name: string; size_mb: number; tags?: string[] };
      const uuid = crypto.randomUUID();
      tags.set(uuid, given);
      volumes.set(uuid, name);
      sizes.set(uuid, size_mb);
      return success("volumes", item(uuid));
    }
    const named = (body ?? []) as { uuid: string; prop?: string; value?: unknown }[];
    const { searchParams } = new URL(url, "http://x");
    if (searchParams.has("count")) return success("volumes", ...[...volumes.keys()].map(item));
    const uuids = named.length > 0 ? named.map(({ uuid }) => uuid) : searchParams.getAll("uuid");
    for (const { uuid, prop, value } of named) if (prop === "tags") tags.set(uuid, value as string[]);
    const items = uuids.map(item);
    if (method === "DELETE") uuids.forEach((uuid) => volumes.delete(uuid));
    return success("volumes", ...items);
  });
  return Object.assign(api, { volumes });
}
