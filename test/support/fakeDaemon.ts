/** A fake local platform: its state folder announces a fake API as the daemon. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { FakeApi } from "./fakeApi";

/** Announces the API in a state folder, as a daemon does; it must respond to `GET /v1/healthz`. */
export async function announceDaemon({ url }: FakeApi, stateFolder: string): Promise<void> {
  await fs.mkdir(stateFolder, { recursive: true });
  await fs.writeFile(path.join(stateFolder, "token"), "t0ken");
  // This process stands in for the daemon: a client does not connect to a daemon whose process is gone.
  await fs.writeFile(path.join(stateFolder, "daemon.json"), JSON.stringify({ url, pid: process.pid }));
}

type Item = Readonly<Record<string, unknown>>;

/** Items by the name of their list in the API's envelope. */
export type Items = Readonly<Record<string, readonly Item[]>>;

/** Path of a collection → its list in the envelope. */
const LISTS: Readonly<Record<string, string>> = {
  instances: "instances",
  volumes: "volumes",
  services: "service_groups",
  certificates: "certificates",
};

/**
 * The response to a read: recorded items, each found by the uuid or name in the request's path, query or body. `undefined` for any
 * other request.
 */
export function recordedResponse(items: Items, { method, url, body }: { method: string; url: string; body: unknown }) {
  const { pathname, searchParams } = new URL(url, "http://daemon");
  const [, , kind = "", uuid] = pathname.split("/");
  if (kind === "healthz") return { body: { status: "success", data: {} } };
  const list = LISTS[kind];
  if (method !== "GET" || list === undefined) return undefined;
  const named = [
    ...(uuid === undefined ? [] : [uuid]),
    ...["uuid", "name"].flatMap((key) => searchParams.getAll(key).flatMap((value) => value.split(","))),
    ...(Array.isArray(body) ? body.map((one: Item) => String(one["uuid"] ?? one["name"])) : []),
  ];
  const found = named.map(
    (name) =>
      (items[list] ?? []).find((item) => item["uuid"] === name || item["name"] === name) ?? {
        ...{ status: "error", error: 8, message: "not recorded" },
      },
  );
  return { body: { status: "success", op_time_us: 1, data: { [list]: found } } };
}
