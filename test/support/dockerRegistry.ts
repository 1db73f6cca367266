/** Debian's `docker-registry` on a loopback port, with its log, for tests of pushes and pulls. */
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./freePorts";
import type { TokenServer } from "./tokenServer";

/** One request in the registry's access log. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  /** Parameters after `?`. */
  readonly query: URLSearchParams;
  readonly status: number;
}

/** A running registry. */
export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  /** What the registry has logged so far, in order. */
  requests(): Promise<readonly LoggedRequest[]>;
}

/** Settings of {@link startDockerRegistry}. */
export interface DockerRegistryOptions {
  /** Requires a token of this server for every request. */
  readonly tokens?: TokenServer;
  /** Defaults to true. */
  readonly allowsDeletion?: boolean;
}

const START_TIMEOUT_MS = 20_000;

/** Starts a registry with an empty folder. Throws when the program is missing, with the package to install. */
export async function startDockerRegistry({
  tokens,
  allowsDeletion = true,
}: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "docker-registry-"));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const auth =
    tokens === undefined
      ? ""
      : `auth:\n  token:\n    realm: ${tokens.realm}\n    service: ${tokens.service}\n    issuer: ${tokens.issuer}\n    rootcertbundle: ${tokens.certificateFile}\n`;
  const config = `version: 0.1
log:
  level: info
  formatter: json
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: ${path.join(folder, "data")}
  delete:
    enabled: ${allowsDeletion}
http:
  addr: ${host}
${auth}`;
  await fs.writeFile(path.join(folder, "config.yml"), config);
  const log = await fs.open(path.join(folder, "log"), "a");
  const child = childProcess.spawn("docker-registry", ["serve", path.join(folder, "config.yml")], {
    stdio: ["ignore", log.fd, log.fd],
    env: { PATH: process.env["PATH"] },
  });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const failed = new Promise<never>((_resolve, reject) => {
    child.once("error", (error) =>
      reject(
        new Error(`'docker-registry' could not be run (${error.message}); install Debian's package 'docker-registry'`),
      ),
    );
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    if (child.pid !== undefined) await exited;
    await log.close();
    await fs.rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([failed, waitUntilReady(host)]);
  } catch (error) {
    const text = await fs.readFile(path.join(folder, "log"), "utf8");
    await stop();
    throw new Error(`docker-registry did not start.\n${text.slice(-2000)}`, { cause: error });
  }
  return {
    host,
    requests: async () => parseLog(await fs.readFile(path.join(folder, "log"), "utf8")),
    [Symbol.asyncDispose]: stop,
  };
}

async function waitUntilReady(host: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      const { status } = await fetch(`http://${host}/v2/`);
      if (status === 200 || status === 401) return;
    } catch {
      // not listening yet
    }
    if (Date.now() > deadline) throw new Error(`no response within ${START_TIMEOUT_MS / 1000} s`);
    await delay(50);
  }
}

/** Each completed request is one line with its method, URI and status. */
function parseLog(text: string): LoggedRequest[] {
  return text.split("\n").flatMap((line) => {
    if (!line.includes('"http.response.status"')) return [];
    const entry = JSON.parse(line) as Record<string, string | number>;
    if (entry["msg"] !== "response completed" && entry["http.response.status"] === undefined) return [];
    const [path = "", query = ""] = String(entry["http.request.uri"]).split("?");
    return [
      {
        method: String(entry["http.request.method"]),
        path,
        query: new URLSearchParams(query),
        status: Number(entry["http.response.status"]),
      },
    ];
  });
}

/** Digests of the blobs that were uploaded, in the order of their last requests. */
export const uploadedBlobs = (requests: readonly LoggedRequest[]): readonly string[] =>
  requests.flatMap(({ method, path: at, query, status }) =>
    method === "PUT" && at.includes("/blobs/uploads/") && status === 201 ? (query.get("digest") ?? []) : [],
  );
