/**
 * Credentials that `docker login`, `podman login`, `skopeo login` and CI systems have stored.
 *
 * Files, in order: `$DOCKER_CONFIG/config.json` (or `~/.docker/config.json` if the variable is not set), then
 * `$XDG_RUNTIME_DIR/containers/auth.json`. Sources: docker/cli `cli/config/configfile`; containers/image, containers-auth.json(5).
 */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as z from "zod";
import { environmentVariable } from "../../../base/config/environment";
import { UnikernelError, hasErrorCode } from "../../../base/errors";
import { credentialFromHelper } from "./credentialHelper";
import { type RegistryCredentials, credentialKeys, decodeUserAndPassword } from "./credentials";
import { type Endpoint, isDockerHub } from "../endpoint";

/** Key of Docker Hub in these files. Source: docker/cli, `IndexServer`. */
const DOCKER_HUB_KEY = "https://index.docker.io/v1/";
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

const authEntry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});

const configFile = z.object({
  auths: z.record(z.string(), authEntry.nullable()).nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});
/** Content of `config.json` or `auth.json`, reduced to credentials. Secret. */
export type DockerConfig = z.infer<typeof configFile>;

/**
 * The stored credentials of a repository; `undefined` for none. Throws `CONFIG_INVALID` for a malformed file and for a credential
 * helper that fails.
 */
export async function dockerCredentials(
  endpoint: Endpoint,
  signal?: AbortSignal,
): Promise<RegistryCredentials | undefined> {
  for (const file of configFiles()) {
    const config = await readConfig(file);
    const found = config && findCredentials(config, endpoint);
    if (found === undefined) continue;
    if (!("helper" in found)) return found;
    const fromHelper = await credentialFromHelper(found.helper, found.serverUrl, signal);
    if (fromHelper !== undefined) return fromHelper;
  }
  return undefined;
}

function configFiles(): readonly string[] {
  const folder = environmentVariable("DOCKER_CONFIG") ?? path.join(os.homedir(), ".docker");
  const runtime = environmentVariable("XDG_RUNTIME_DIR");
  return [
    path.join(folder, "config.json"),
    ...(runtime === undefined ? [] : [path.join(runtime, "containers", "auth.json")]),
  ];
}

async function readConfig(file: string): Promise<DockerConfig | undefined> {
  let text: string;
  try {
    const { size } = await fs.stat(file).then((stat) => (stat.isFile() ? stat : { size: Number.POSITIVE_INFINITY }));
    if (size > MAX_CONFIG_BYTES) throw configError(file, "is not a file of at most 4 MiB");
    text = await fs.readFile(file, "utf8");
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "ENOTDIR", "EACCES")) return undefined;
    throw error;
  }
  return parseDockerConfig(text, file);
}

/** Parses a file of credentials; a byte order mark and an empty file are accepted. Throws `CONFIG_INVALID`. Pure. */
export function parseDockerConfig(text: string, file: string): DockerConfig {
  const body = text.replace(/^\uFEFF/, "").trim();
  let json: unknown;
  try {
    json = body === "" ? {} : JSON.parse(body);
  } catch {
    throw configError(file, "is not JSON"); // without a cause: the parser quotes the text
  }
  const parsed = configFile.safeParse(json);
  if (parsed.success) return parsed.data;
  throw configError(file, `has no valid value at '${parsed.error.issues[0]?.path.slice(0, 2).join(".") ?? ""}'`);
}

const configError = (file: string, problem: string): UnikernelError =>
  new UnikernelError("CONFIG_INVALID", `'${file}' ${problem}.`, {
    hint: "Correct it, or remove it and log in with 'docker login' again.",
  });

/** A program that knows the credentials, and what to ask it. */
export interface HelperLookUp {
  readonly helper: string;
  readonly serverUrl: string;
}

/**
 * What a file says about a repository: credentials, a helper that has them, or `undefined`. The most specific key wins; helpers of a
 * registry win over stored credentials, which win over the common helper. Pure.
 */
export function findCredentials(
  { auths, credHelpers, credsStore }: DockerConfig,
  endpoint: Endpoint,
): RegistryCredentials | HelperLookUp | undefined {
  const keys = isDockerHub(endpoint.registry)
    ? [...credentialKeys(endpoint), DOCKER_HUB_KEY, "index.docker.io"]
    : credentialKeys(endpoint);
  const wanted = new Set(keys.map(canonicalKey));
  const match = <T>(record: Readonly<Record<string, T>> | null | undefined): [string, T][] =>
    Object.entries(record ?? {})
      .filter(([key]) => wanted.has(canonicalKey(key)))
      .toSorted(([a], [b]) => canonicalKey(b).length - canonicalKey(a).length);
  const [helper] = match(credHelpers);
  if (helper !== undefined) return { helper: helper[1], serverUrl: helper[0] };
  for (const [, entry] of match(auths)) {
    const credentials = entry && fromAuthEntry(entry);
    if (credentials) return credentials;
  }
  if (credsStore == null || credsStore === "") return undefined;
  return { helper: credsStore, serverUrl: isDockerHub(endpoint.registry) ? DOCKER_HUB_KEY : endpoint.registry };
}

/** Keys may be URLs: `https://registry.example.org/v1/` means `registry.example.org`. Source: docker/cli, `ConvertToHostname`. */
const canonicalKey = (key: string): string =>
  key
    .replace(/^https?:\/\//, "")
    .replace(/\/v[12]\/?$/, "")
    .replace(/\/$/, "");

function fromAuthEntry(entry: z.infer<typeof authEntry>): RegistryCredentials | undefined {
  if (entry.identitytoken) return { type: "identityToken", token: entry.identitytoken };
  if (entry.registrytoken) return { type: "registryToken", token: entry.registrytoken };
  const decoded = decodeUserAndPassword(entry.auth ?? "");
  if (decoded !== undefined) return { type: "password", ...decoded };
  if (!entry.username || entry.password === undefined) return undefined;
  return { type: "password", username: entry.username, password: entry.password };
}
