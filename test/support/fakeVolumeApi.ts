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
  const item = (uuid: string) => {
    const name = volumes.get(uuid);
    if (name === undefined) return { status: "error", error: 8, uuid };
    return { status: "success", uuid, name, size_mb: sizes.get(uuid), state: "available", filesystem: "ext4" };
  };
  const api = await startFakeApi(({ method, url, body }: ReceivedRequest) => {
    if (method === "POST") {
      const { name, size_mb } = body as { name: string; size_mb: number };
      const uuid = crypto.randomUUID();
      volumes.set(uuid, name);
      sizes.set(uuid, size_mb);
      return success("volumes", item(uuid));
    }
    const named = (body ?? []) as { uuid: string }[];
    const queried = new URL(url, "http://x").searchParams.getAll("uuid");
    const uuids = named.length > 0 ? named.map(({ uuid }) => uuid) : queried;
    const items = uuids.map(item);
    if (method === "DELETE") uuids.forEach((uuid) => volumes.delete(uuid));
    return success("volumes", ...items);
  });
  return Object.assign(api, { volumes });
}
