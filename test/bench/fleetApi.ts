/** A metro with many instances, for benchmarks. */
import { type ReceivedRequest, success } from "../support/fakeApi";

/** Instances and services in memory, listed in pages as a metro does: the page begins at `from`, itself included. */
export function fleetApi() {
  const instances = new Map<string, object>();
  const services = new Map<string, object>();
  return ({ method, url, body }: ReceivedRequest) => {
    const { pathname, searchParams } = new URL(url, "http://x");
    if (pathname === "/v1/users/quotas") return { status: 404, body: { status: "error", message: "no quotas here" } };
    if (pathname === "/v1/services") {
      const { name, services: ports } = (body ?? {}) as { name: string; services: object[] };
      const uuid = "00000000-0000-4000-9000-000000000000";
      if (method === "POST") services.set(uuid, { status: "success", uuid, name, services: ports, instances: [] });
      return success("service_groups", services.get(uuid) ?? { status: "error", error: 8, uuid });
    }
    if (method === "POST") {
      const { name, image, autostart } = body as { name: string; image: string; autostart?: boolean };
      const uuid = `00000000-0000-4000-8000-${String(instances.size).padStart(12, "0")}`;
      const item = {
        status: "success",
        uuid,
        name,
        state: autostart === true ? "running" : "stopped",
        image: `oci://x/${image}`,
        memory_mb: 128,
        vcpus: 1,
      };
      instances.set(uuid, item);
      return success("instances", item);
    }
    const named = method === "GET" ? searchParams.getAll("uuid") : (body as { uuid: string }[]).map((one) => one.uuid);
    const items = named.map((uuid) => instances.get(uuid) ?? { status: "error", error: 8, uuid });
    if (method === "DELETE") named.forEach((uuid) => instances.delete(uuid));
    if (pathname.endsWith("/stop")) return success("instances", ...items);
    if (pathname.endsWith("/wait"))
      return success("instances", ...items.map((item) => ({ ...item, state: "stopped" })));
    if (named.length > 0) return success("instances", ...items);
    const all = [...instances.values()];
    const from = searchParams.get("from");
    const start = from === null ? 0 : [...instances.keys()].indexOf(from);
    return success("instances", ...all.slice(start, start + Number(searchParams.get("count") ?? all.length)));
  };
}
