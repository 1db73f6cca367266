/** What the gateways of the examples run in the test cluster: programs of this repository and two of this machine. */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { requireTool } from "../builders";
import { compileGoGuest } from "../goGuest";
import type { TestImages } from "./kubelet/images";

/** User of an image that does not run as root. */
const USER = 65_532;

/** Compiled programs, and images with them. */
export interface GatewayImages {
  readonly images: TestImages;
  /** Removes the programs. */
  remove(): Promise<void>;
}

/**
 * Images of a gateway in place of Tyk, of Redis, of busybox and of curl.
 *
 * @param gateway reference of the gateway's image
 */
export async function compileGatewayImages(gateway: string): Promise<GatewayImages> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-images-"));
  const compile = async (guest: string): Promise<string> => {
    const program = path.join(folder, guest);
    await compileGoGuest(guest, program);
    return program;
  };
  const libraries = Object.fromEntries(["/lib", "/lib64", "/usr/lib"].map((name) => [name, name]));
  const images: TestImages = {
    [gateway]: { files: { "/tyk": await compile("tykGateway") }, entrypoint: ["/tyk"], user: USER },
    "redis:7.2": { files: { "/redis-server": await compile("smallRedis") }, entrypoint: ["/redis-server"] },
    "busybox:1.37": { files: { "/bin/busybox": requireTool("busybox") }, entrypoint: ["/bin/busybox", "sh"] },
    "curlimages/curl:8.10.1": { files: { "/usr/bin/curl": requireTool("curl"), ...libraries }, entrypoint: ["curl"] },
  };
  return { images, remove: () => fs.rm(folder, { recursive: true, force: true }) };
}
