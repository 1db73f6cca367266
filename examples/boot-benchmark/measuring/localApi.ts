/** The local platform's API, as any client of the cloud uses it. */
import * as childProcess from "node:child_process";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const execFile = promisify(childProcess.execFile);

/** What this program reads of an instance. Times in microseconds; 0: not yet. */
export interface InstanceItem {
  readonly uuid: string;
  readonly name: string;
  readonly state: string;
  readonly boot_time_us: number;
  readonly net_time_us?: number;
  /** Why a clone booted instead. */
  readonly memory_notice?: string;
}

const POLL_MS = 20;

/** Client of one local platform. */
export class LocalApi {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** The platform of this user, which is started if it does not run. */
  static async connect(): Promise<LocalApi> {
    const manifest = require.resolve("pulumi-unikernel/package.json");
    const { bin } = require(manifest) as { bin: { unikernel: string } };
    const command = path.join(path.dirname(manifest), bin.unikernel);
    const { stdout } = await execFile(process.execPath, [command, "local", "env", "--json"]);
    const { UKC_METRO, UKC_TOKEN } = JSON.parse(stdout) as { UKC_METRO: string; UKC_TOKEN: string };
    return new LocalApi(UKC_METRO, UKC_TOKEN);
  }

  /** Throws unless there is such an instance. */
  async instance(uuid: string): Promise<InstanceItem> {
    return (await this.#send<InstanceItem>("GET", `/v1/instances/${uuid}`, "instances"))[0] as InstanceItem;
  }

  /** Ends the VM at once, as a crash does. Resolves when it is gone. */
  async kill(uuid: string): Promise<void> {
    await this.#send("PUT", "/v1/instances/stop", "instances", [{ uuid, force: true }]);
    while ((await this.instance(uuid)).state !== "stopped") await delay(POLL_MS);
  }

  async start(uuid: string): Promise<void> {
    await this.#send("PUT", "/v1/instances/start", "instances", [{ uuid }]);
  }

  /** Creates a clone of a template, with a published port of its own, and starts it. Returns its uuid. */
  async clone(
    name: string,
    template: string,
    { port, guestPort }: { readonly port: number; readonly guestPort: number },
  ): Promise<string> {
    const service_group = { services: [{ port, destination_port: guestPort }] };
    const body = { name, template: { name: template }, service_group, autostart: true };
    const [created] = await this.#send<{ uuid: string }>("POST", "/v1/instances", "instances", body);
    return created?.uuid ?? "";
  }

  async delete(uuid: string): Promise<void> {
    await this.#send("DELETE", "/v1/instances", "instances", [{ uuid }]);
  }

  /** Resident memory of the VM of each instance, in bytes, by uuid. */
  async residentBytes(): Promise<ReadonlyMap<string, number>> {
    const items = await this.#send<{ uuid: string; rss_bytes: number }>("GET", "/v1/instances/metrics", "instances");
    return new Map(items.map(({ uuid, rss_bytes: bytes }) => [uuid, bytes]));
  }

  /** Versions of the platform, its VMM and accelerator, by name. */
  async versions(): Promise<Readonly<Record<string, string>>> {
    const [health] = await this.#send<{ versions: Record<string, string> }>("GET", "/v1/healthz", undefined);
    return health?.versions ?? {};
  }

  /** The items of a response; without a key, its data as the only one. Throws with what the API says. */
  async #send<T>(method: string, path: string, key: string | undefined, body?: unknown): Promise<readonly T[]> {
    const response = await fetch(this.#url + path, {
      method,
      headers: {
        Accept: "application/json",
        Authorization: `Bearer ${this.#token}`,
        "Content-Type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { data, status, message } = (await response.json()) as {
      status: string;
      message?: string;
      data?: Record<string, unknown>;
    };
    const items = (key === undefined ? [data] : (data?.[key] ?? [])) as { status?: string; message?: string }[];
    const failed = items.find((item) => item.status === "error") ?? (status === "error" ? { message } : undefined);
    if (failed !== undefined)
      throw new Error(`${method} ${path} failed: ${failed.message ?? message ?? response.status}`);
    return items as T[];
  }
}
