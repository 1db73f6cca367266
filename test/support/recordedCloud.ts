/**
 * Instances as the cloud answers for them: each response has the fields and forms of the worked example in the cloud's documentation, and
 * what an object is called comes from the request that made it. Anything that no test needs gets HTTP 404.
 */
import { uuidOf } from "./fakeInstances";
import { type FakeResponder, type ReceivedRequest, success } from "./fakeApi";

interface CreateBody {
  readonly name: string;
  readonly image: string;
  readonly memory_mb: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  readonly service_group?: {
    readonly services: readonly { readonly port: number; readonly destination_port: number }[];
  };
}
type Item = Record<string, unknown> & { readonly uuid: string; readonly name: string };

/** Domain of the metro `fra`, below which it names services itself. */
const DOMAIN = "fra.unikraft.app";
const DIGEST = `sha256:${"5f0c".repeat(16)}`;
const MISSING = { status: "error", error: 8, message: "No instance with the given name or UUID" };

function itemOf(body: CreateBody, number: number): Item {
  const { name, image, memory_mb, env = {}, tags = [], service_group: group } = body;
  const privateIp = `10.0.4.${16 + number}`;
  return {
    ...{ status: "success", uuid: uuidOf("0", number), name, created_at: "2026-10-01T09:00:00Z", state: "running" },
    ...{ type: "micro", image: `oci://unikraft.io/${image}@${DIGEST}`, memory_mb, vcpus: 1, args: ["/server"], env },
    ...{ start_count: 1, restart_count: 0, started_at: "2026-10-01T09:00:00Z", uptime_ms: 4012 },
    ...{ boot_time_us: 15_321, net_time_us: 29_874, restart_policy: "never" },
    scale_to_zero: { enabled: false, policy: "off", stateful: false, cooldown_time_ms: 1000, notify_time_ms: 0 },
    ...(group === undefined
      ? {}
      : {
          service_group: {
            uuid: uuidOf("7", number),
            name: "calm-river-x7k2p9qa",
            domains: [{ fqdn: `calm-river-x7k2p9qa.${DOMAIN}` }],
          },
          services: group.services.map(({ port }) => `tcp:${port}`),
        }),
    volumes: [],
    network_interfaces: [{ uuid: uuidOf("e", number), private_ip: privateIp, mac: "12:b0:0a:00:04:11" }],
    ...{ private_ip: privateIp, private_fqdn: `${name}.internal`, tags: [...tags], delete_lock: false },
  };
}

/** What a create answers: a part of what a read does. */
const createdItem = ({ uuid, name, state, private_fqdn, private_ip, service_group }: Item): object => ({
  ...{ status: "success", uuid, name, state, private_fqdn, private_ip },
  ...(service_group === undefined ? {} : { service_group }),
});

/** Responds to the requests for instances. */
export function recordedCloud(): FakeResponder {
  const instances = new Map<string, Item>();
  const named = (name: string): Item | undefined => [...instances.values()].find((one) => one.name === name);

  const change = (body: readonly { uuid: string; prop: string; value: unknown }[]) => {
    for (const { uuid, prop, value } of body) {
      const item = instances.get(uuid);
      if (item !== undefined) instances.set(uuid, { ...item, [prop]: value });
    }
    return body.map(({ uuid }) => {
      const { name } = instances.get(uuid) ?? {};
      return { status: "success", uuid, name };
    });
  };

  const answerInstances = ({ method, url, body }: ReceivedRequest): readonly object[] => {
    const { searchParams } = new URL(url, "http://metro");
    const selectors = (body ?? []) as { readonly uuid: string }[];
    switch (method) {
      case "POST": {
        const item = itemOf(body as CreateBody, instances.size + 1);
        instances.set(item.uuid, item);
        return [createdItem(item)];
      }
      case "GET": {
        const [uuids, names] = [searchParams.getAll("uuid"), searchParams.getAll("name")];
        if (uuids.length + names.length === 0) return [...instances.values()];
        return [
          ...uuids.map((uuid) => instances.get(uuid) ?? { ...MISSING, uuid }),
          ...names.map((name) => named(name) ?? { ...MISSING, name }),
        ];
      }
      case "PATCH":
        return change(body as never);
      case "DELETE":
        return selectors.map(({ uuid }) => {
          const item = instances.get(uuid);
          instances.delete(uuid);
          return item === undefined
            ? MISSING
            : { status: "success", uuid, name: item.name, previous_state: item["state"] };
        });
      default:
        return [];
    }
  };

  return (request) => {
    const { pathname, searchParams } = new URL(request.url, "http://metro");
    if (pathname === "/v1/instances") return success("instances", ...answerInstances(request));
    const uuids = searchParams.getAll("uuid");
    const bodyUuids = ((request.body ?? []) as { readonly uuid: string }[]).map(({ uuid }) => uuid);
    if (pathname === "/v1/instances/stop") {
      change(bodyUuids.map((uuid) => ({ uuid, prop: "state", value: "stopped" })));
      return success(
        "instances",
        ...bodyUuids.map((uuid) => ({
          status: "success",
          uuid,
          name: instances.get(uuid)?.name,
          state: "stopped",
          previous_state: "running",
        })),
      );
    }
    if (pathname === "/v1/instances/wait")
      return success(
        "instances",
        ...uuids.map((uuid) => ({
          status: "success",
          uuid,
          name: instances.get(uuid)?.name,
          state: instances.get(uuid)?.["state"],
        })),
      );
    return { status: 404, body: { status: "error", message: `No ${pathname} here` } };
  };
}
