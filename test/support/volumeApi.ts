/** Volumes in memory behind the cloud's routes: enough of an API for programs that only make disks. */
import { type Asked, type FakeApi, startFakeApi, success } from "./fakeApi";

/** A running API and what it holds. */
export interface VolumeApi extends FakeApi {
  /** Names of the volumes by uuid. */
  readonly volumes: Map<string, string>;
}

/** Starts one. Its uuids begin with `label`, so that no id of one is an id of another. */
export async function startVolumeApi(label: string): Promise<VolumeApi> {
  const volumes = new Map<string, string>();
  const sizes = new Map<string, number>();
  const item = (uuid: string) => {
    const name = volumes.get(uuid);
    if (name === undefined) return { status: "error", error: 8, uuid };
    return { status: "success", uuid, name, size_mb: sizes.get(uuid), state: "available", filesystem: "ext4" };
  };
  let made = 0;
  const api = await startFakeApi(({ method, url, body }: Asked) => {
    if (method === "POST") {
      const { name, size_mb } = body as { name: string; size_mb: number };
      const uuid = `${label}-${++made}`;
      volumes.set(uuid, name);
      sizes.set(uuid, size_mb);
      return success("volumes", item(uuid));
    }
    const [named] = (body ?? []) as { uuid: string }[];
    const uuid = named?.uuid ?? new URL(url, "http://x").searchParams.get("uuid") ?? "";
    const found = item(uuid);
    if (method === "DELETE") volumes.delete(uuid);
    return success("volumes", found);
  });
  return Object.assign(api, { volumes });
}
