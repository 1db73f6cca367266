/** The platform of a soak: it survives every kill, and can be listed and emptied without the provider. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { localPaths } from "../../provider/base/localPaths";
import { connectLocalDaemon } from "../../provider/client/localDaemon";
import { writeCpio } from "../../provider/image/cpio/write";
import { openLayout } from "../../provider/image/oci/layout";
import { getOrBuildLinuxRuntime } from "../../provider/image/runtime/linuxRuntime";
import { LocalPlatform } from "../support/localPlatform";
import { TestPlatform, sendHttp, webGuest } from "../support/testPlatform";
import type { ObjectKind, PlatformObject } from "./compare";

/** VMs in memory, or real ones. */
export type VmmKind = "fake" | "QEMU";

const COLLECTIONS: readonly { readonly path: string; readonly kind: ObjectKind }[] = [
  { path: "/v1/instances", kind: "Instance" },
  { path: "/v1/services", kind: "Service" },
  { path: "/v1/volumes", kind: "Volume" },
  { path: "/v1/certificates", kind: "Certificate" },
];

/** Time that a fake guest takes to boot and then to listen, each: so long that operations do wait. */
const FAKE_BOOT_MS = 150;
const EMPTY_TIMEOUT_MS = 30_000;

interface Item {
  readonly uuid: string;
  readonly name?: string;
  readonly service_group?: { readonly uuid?: string } | null;
}

/** A running platform with the image `app:1`, which listens on port 8080. */
export class SoakPlatform implements AsyncDisposable {
  readonly api: { readonly url: string; readonly token: string };
  /** `UNIKERNEL_STATE_DIR` of the operations. */
  readonly stateDir: string;
  readonly #close: () => Promise<void>;

  private constructor(api: SoakPlatform["api"], stateDir: string, close: () => Promise<void>) {
    this.api = api;
    this.stateDir = stateDir;
    this.#close = close;
  }

  static open(vmm: VmmKind): Promise<SoakPlatform> {
    return vmm === "fake" ? SoakPlatform.#openFake() : SoakPlatform.#openReal();
  }

  static async #openFake(): Promise<SoakPlatform> {
    const platform = await TestPlatform.open();
    platform.setDefaultGuest((name) => ({ ...webGuest(name), bootMs: FAKE_BOOT_MS, listenMs: FAKE_BOOT_MS }));
    await platform.start();
    return new SoakPlatform(platform.daemon, platform.paths.stateDir, () => platform.close());
  }

  static async #openReal(): Promise<SoakPlatform> {
    const platform = await LocalPlatform.open();
    const runtime = await getOrBuildLinuxRuntime({ folder: localPaths().runtimesDir, onProgress: () => undefined });
    const initrd = path.join(platform.folder, "initrd.cpio");
    const page = { type: "file", mode: 0o644, content: { bytes: Buffer.from("served\n") } } as const;
    await writeCpio(new Map([...runtime.baseTree, ["www/index.html", page]]), initrd);
    await openLayout(localPaths().imagesDir).putImage({
      repository: "app",
      tag: "1",
      platform: { os: "linux", architecture: "x86_64" },
      config: { cmd: ["httpd", "-f", "-p", "8080", "-h", "/www"], env: {}, labels: {} },
      kernel: { file: runtime.kernelFile },
      initrd: { file: initrd },
    });
    await fs.rm(initrd);
    const { url, token } = await connectLocalDaemon({ daemonArguments: ["--stay"] });
    return new SoakPlatform({ url, token }, localPaths().stateDir, () => platform.close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  /** Makes clients find the platform at another address from now on. */
  async announce(url: string): Promise<void> {
    const file = path.join(this.stateDir, "daemon.json");
    const content = JSON.parse(await fs.readFile(file, "utf8")) as object;
    await fs.writeFile(`${file}.new`, JSON.stringify({ ...content, url }), { mode: 0o600 });
    await fs.rename(`${file}.new`, file);
  }

  /** Everything that is on the platform. */
  async list(): Promise<readonly PlatformObject[]> {
    const objects: PlatformObject[] = [];
    for (const { path: target, kind } of COLLECTIONS) {
      for (const { uuid, name = "", service_group } of await this.#send("GET", target)) {
        objects.push({ kind, uuid, name, serviceUuid: service_group?.uuid });
      }
    }
    return objects;
  }

  /** Deletes everything, so that the next run finds nothing. */
  async empty(): Promise<void> {
    const deadline = Date.now() + EMPTY_TIMEOUT_MS;
    for (;;) {
      const objects = await this.list();
      if (objects.length === 0) return;
      if (Date.now() > deadline) throw new Error(`cannot be deleted: ${JSON.stringify(objects)}`);
      for (const { path: target, kind } of COLLECTIONS) {
        const body = objects.filter((object) => object.kind === kind).map(({ uuid }) => ({ uuid }));
        if (body.length > 0) await this.#send("DELETE", target, body);
      }
      await delay(50);
    }
  }

  async #send(method: string, target: string, body?: unknown): Promise<readonly Item[]> {
    const headers = { authorization: `Bearer ${this.api.token}`, "content-type": "application/json" };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const reply = await sendHttp(this.api.url + target, method, headers, text);
    const { data } = JSON.parse(reply.text) as { data?: Record<string, unknown> };
    const items = Object.values(data ?? {}).find(Array.isArray) as Item[] | undefined;
    if (items === undefined && method === "GET") throw new Error(`${method} ${target}: ${reply.status} ${reply.text}`);
    return items ?? [];
  }
}
