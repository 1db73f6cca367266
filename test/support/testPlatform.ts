/** A daemon in the test's own process with VMs in memory, and a plain HTTP client without any logic. */
import * as fs from "node:fs/promises";
import * as http from "node:http";
import type * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type { LocalPaths } from "../../provider/base/localPaths";
import { openLayout } from "../../provider/image/oci/layout";
import { type Daemon, type DaemonOptions, startDaemon } from "../../provider/platform/daemon";
import type { Timings } from "../../provider/platform/timings";
import { type FakeGuest, FakeVmm } from "./fakeVmm";
import { elfloaderKernel } from "./kernelFiles";
import type { VmSpec } from "../../provider/platform/vmm/vmm";

/** One item of a response, as JSON. */
export type Item = Record<string, unknown> & { uuid: string; name: string; message: string };
/** A response, as JSON. */
export interface ApiResponse {
  readonly httpStatus: number;
  readonly status: string;
  readonly message: string | undefined;
  readonly items: readonly Item[];
  readonly envelope: Record<string, unknown>;
}

const FAST_TIMINGS: Partial<Timings> = {
  probeIntervalMs: 2,
  probeTimeoutMs: 200,
  drainIdleMs: 60,
  stopGraceMs: 300,
  restartBackoffMs: 20,
  restartBackoffMaxMs: 80,
  healthyAfterMs: 200,
  consoleCheckIntervalMs: 5,
  closeGraceMs: 100,
};

/** Responds to every HTTP request with the guest's name; keeps connections alive as clients request. */
export function webGuest(name: string): FakeGuest {
  const server = http.createServer((_request, response) => response.end(name));
  return {
    serve: (socket: net.Socket) => void server.emit("connection", socket),
    onStop: { kind: "exited", exitCode: 0 },
  };
}

function pathsIn(folder: string): LocalPaths {
  const state = path.join(folder, "state");
  const below = (name: string): string => path.join(state, name);
  return {
    stateDir: state,
    runDir: path.join(folder, "run"),
    cacheDir: path.join(folder, "cache"),
    daemonFile: below("daemon.json"),
    tokenFile: below("token"),
    platformIdFile: below("platform-id"),
    caKeyFile: below("ca-key.pem"),
    caFile: below("ca.pem"),
    databaseFile: below("platform.db"),
    logFile: below("daemon.log"),
    imagesDir: below("images"),
    pulledImagesDir: below("pulled"),
    bootDir: below("boot"),
    volumesDir: below("volumes"),
    instancesDir: below("instances"),
    consolesDir: below("consoles"),
    runtimesDir: path.join(folder, "cache", "runtimes"),
    containersDir: path.join(folder, "cache", "containers"),
    buildsDir: path.join(folder, "cache", "builds"),
    imageCacheDir: path.join(folder, "cache", "images"),
  };
}

/** A temporary state folder with the image `app:1`. */
export class TestPlatform {
  readonly paths: LocalPaths;
  readonly vmm: FakeVmm;
  /** The behaviour of an instance's guest by instance name; other instances serve their name over HTTP. */
  readonly guests = new Map<string, FakeGuest | (() => FakeGuest)>();
  #otherGuest: (name: string, spec: VmSpec) => FakeGuest = webGuest;
  readonly #timings: Partial<Timings>;
  #daemon: Daemon | undefined;

  private constructor(paths: LocalPaths, timings: Partial<Timings>) {
    this.paths = paths;
    this.#timings = { ...FAST_TIMINGS, ...timings };
    this.vmm = new FakeVmm(this.paths.instancesDir, (spec: VmSpec) => {
      const guest = this.guests.get(spec.hostname) ?? this.#otherGuest(spec.hostname, spec);
      return typeof guest === "function" ? guest() : guest;
    });
  }

  static async open(timings: Partial<Timings> = {}): Promise<TestPlatform> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-platform-"));
    return TestPlatform.openAt(pathsIn(folder), timings);
  }

  /** @param paths the state folder is in a folder of this platform alone, which {@link close} removes */
  static async openAt(paths: LocalPaths, timings: Partial<Timings> = {}): Promise<TestPlatform> {
    const platform = new TestPlatform(paths, timings);
    await fs.mkdir(platform.folder, { recursive: true });
    await platform.addImage("app", "1", "kernel of app");
    return platform;
  }

  get folder(): string {
    return path.dirname(this.paths.stateDir);
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error("no daemon was started");
    return this.#daemon;
  }

  /** The behaviour of guests without an entry in {@link guests}. */
  setDefaultGuest(guestOf: (name: string, spec: VmSpec) => FakeGuest): void {
    this.#otherGuest = guestOf;
  }

  /**
   * Stores an image in the layout and returns its digest. The kernel begins like one of Unikraft, which a preview accepts, and ends with the
   * text; the initrd is arbitrary text.
   */
  async addImage(repository: string, tag: string, kernel: string, initrd?: string): Promise<string> {
    const file = path.join(this.folder, "kernel");
    const initrdFile = path.join(this.folder, "initrd");
    await fs.writeFile(file, Buffer.concat([elfloaderKernel(), Buffer.from(kernel)]));
    if (initrd !== undefined) await fs.writeFile(initrdFile, initrd);
    const { digest } = await openLayout(this.paths.imagesDir).putImage({
      repository,
      tag,
      platform: { architecture: "x86_64", os: "qemu" },
      config: { cmd: ["/server"], env: { FROM: "image" }, labels: {} },
      kernel: { file },
      ...(initrd === undefined ? {} : { initrd: { file: initrdFile } }),
    });
    await fs.rm(file);
    await fs.rm(initrdFile, { force: true });
    return digest;
  }

  /** Starts a daemon; `undefined` if the folder is taken. */
  async start(
    options: Pick<
      DaemonOptions,
      "stay" | "timings" | "images" | "pulledImages" | "quotas" | "strict2026" | "clock"
    > = {},
  ): Promise<Daemon | undefined> {
    const timings = { ...this.#timings, ...options.timings };
    const daemon = await startDaemon({ stay: true, ...options, paths: this.paths, vmm: this.vmm, timings });
    this.#daemon = daemon ?? this.#daemon;
    return daemon;
  }

  /** Stops daemon and VMs and removes the folder. */
  async close(): Promise<void> {
    await this.#daemon?.close().catch(() => undefined);
    this.vmm.endAll();
    await fs.rm(this.folder, { recursive: true, force: true });
  }

  /** One request, with the token by default. A string body is sent unchanged. */
  async api(
    method: string,
    target: string,
    body?: unknown,
    headers: http.OutgoingHttpHeaders = {},
  ): Promise<ApiResponse> {
    const { url, token } = this.daemon;
    const text = body === undefined || typeof body === "string" ? (body as string | undefined) : JSON.stringify(body);
    const reply = await sendHttp(url + target, method, { authorization: `Bearer ${token}`, ...headers }, text);
    const raw = JSON.parse(reply.text) as Record<string, unknown>;
    const data = raw["data"] as Record<string, unknown> | undefined;
    const items = Object.values(data ?? {}).find((value) => Array.isArray(value)) as Item[] | undefined;
    return {
      httpStatus: reply.status,
      status: String(raw["status"]),
      message: raw["message"] as string | undefined,
      items: items ?? [],
      envelope: raw,
    };
  }

  /** The one item of a request. */
  async requestItem(method: string, target: string, body?: unknown): Promise<Item> {
    const { items, envelope: raw } = await this.api(method, target, body);
    if (items[0] === undefined) throw new Error(JSON.stringify(raw));
    return items[0];
  }

  /** A running instance, ready if it has a service. */
  async createRunning(body: Record<string, unknown>): Promise<Item> {
    const created = await this.requestItem("POST", "/v1/instances", {
      image: "app:1",
      autostart: true,
      timeout_s: 10,
      ...body,
    });
    if (created["status"] !== "success") throw new Error(JSON.stringify(created));
    while (body["service_group"] !== undefined && (await this.instance(created.uuid))["net_time_us"] === 0) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return created;
  }

  instance(uuid: string): Promise<Item> {
    return this.requestItem("GET", `/v1/instances?uuid=${uuid}`);
  }

  /** Reads an instance until it satisfies the condition. */
  async waitForItem(uuid: string, met: (item: Item) => boolean): Promise<Item> {
    for (;;) {
      const item = await this.instance(uuid);
      if (met(item)) return item;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** One HTTP exchange. */
export function sendHttp(
  url: string,
  method: string,
  headers: http.OutgoingHttpHeaders,
  body?: string,
  agent?: http.Agent,
): Promise<{ status: number; text: string; headers: http.IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const request = http.request(url, {
      method,
      headers: { ...headers, ...length },
      ...(agent === undefined ? {} : { agent }),
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
      response.on("error", reject);
    });
    request.end(body);
  });
}
