/** Builds a Dockerfile with the first builder that this machine has. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { environmentVariable } from "../../base/config/environment";
import { localPaths } from "../../base/localPaths";
import { createRedactor } from "../../base/redact";
import type { BuilderName } from "./builders/builder";
import type { ResolvedBuild } from "./builders/commandLine";
import { findBuilder } from "./builders/findBuilder";
import { checkCapabilities } from "./capabilities";
import { toPortableIgnoreFile } from "./context/portableIgnoreFile";
import { readDockerfileSource } from "./context/source";
import { runBuild } from "./runBuild";
import { type SecretSource, readSecrets, secretTexts, writeSecretFiles } from "./secrets";
import { createWorkFolder } from "./workFolder";

/** What to build. */
export interface DockerfileBuild {
  /** The build context; absolute path. */
  readonly contextFolder: string;
  /** The Dockerfile, relative to the context. */
  readonly dockerfile: string;
  /** Stage to build; `undefined`: the last one. */
  readonly target?: string | undefined;
  /** Values of `ARG` instructions. They are not secret: image, command line and log may show them. */
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** Secrets for `RUN --mount=type=secret,id=…`, by id. */
  readonly secrets?: Readonly<Record<string, SecretSource>> | undefined;
  /** SSH agents and keys for `RUN --mount=type=ssh`: `default`, `<id>`, or `<id>=<socket or key file>`. */
  readonly ssh?: readonly string[] | undefined;
  /** Caches to import, in the notation of `docker buildx build --cache-from`. */
  readonly cacheFrom?: readonly string[] | undefined;
  /** Caches to export, in the notation of `docker buildx build --cache-to`. */
  readonly cacheTo?: readonly string[] | undefined;
  /** Such as `linux/amd64`; `undefined`: that of the builder. */
  readonly platform?: string | undefined;
  /** Runs every step again. */
  readonly noCache?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Receives each step as it starts, such as `step 2/3: RUN make`. Secrets are masked. */
  readonly onProgress?: ((step: string) => void) | undefined;
  /** Receives each warning, as a sentence, before the build starts. */
  readonly onWarning?: ((warning: string) => void) | undefined;
}

/** A built image. */
export interface DockerfileResult {
  /** Folder of an OCI image layout with one manifest. Its parent is temporary: delete it with {@link removeBuild}. */
  readonly ociLayout: string;
  readonly builder: BuilderName;
}

/**
 * Builds a Dockerfile. Cancelling ends the builder and leaves neither files nor containers.
 *
 * Throws `CONTEXT_INVALID` (Dockerfile or ignore file), `INPUT_INVALID` (a secret is missing), `BUILDER_MISSING`, `NOT_SUPPORTED`
 * (the builder cannot do what is asked for), `CONFIG_INVALID` (`UNIKERNEL_BUILDER`), `BUILD_FAILED` with the last lines of the
 * build, and `NO_SPACE`.
 */
export async function buildDockerfile(options: DockerfileBuild): Promise<DockerfileResult> {
  const { contextFolder, signal = new AbortController().signal } = options;
  const source = await readDockerfileSource(contextFolder, options.dockerfile);
  const secrets = await readSecrets(options.secrets ?? {});
  const { builder, warnings } = await findBuilder(signal);
  const secretFolder = await createWorkFolder(runtimeFolder(), "unikernel-secrets-");
  const folder = await createWorkFolder(localPaths().buildsDir);
  let isBuilt = false;
  try {
    const build: ResolvedBuild = {
      contextFolder,
      dockerfile: source.file,
      ignoreFile: path.join(folder, "ignore"),
      target: options.target,
      platform: options.platform,
      buildArgs: options.buildArgs ?? {},
      secretFiles: await writeSecretFiles(secretFolder, secrets),
      ssh: options.ssh ?? [],
      cacheFrom: options.cacheFrom ?? [],
      cacheTo: options.cacheTo ?? [],
      noCache: options.noCache ?? false,
      ociLayout: path.join(folder, "oci"),
      idFile: path.join(folder, "image-id"),
      storage: { root: localPaths().containersDir, runRoot: containersRunRoot() },
    };
    await fs.writeFile(path.join(folder, "ignore"), await toPortableIgnoreFile(contextFolder, source.ignorePatterns));
    const more = checkCapabilities(builder, build, source.instructions, source.displayName);
    for (const warning of [...warnings, ...more]) options.onWarning?.(warning);
    await runBuild(builder, build, {
      displayName: source.displayName,
      dockerfileText: Buffer.from(source.content).toString("utf8"),
      folder,
      redact: createRedactor(secretTexts(secrets)),
      signal,
      onStep: options.onProgress ?? (() => undefined),
    });
    isBuilt = true;
    return { ociLayout: build.ociLayout, builder: builder.name };
  } finally {
    await fs.rm(secretFolder, { recursive: true, force: true });
    if (!isBuilt) await fs.rm(folder, { recursive: true, force: true });
  }
}

/** Deletes the temporary folder of a result. */
export const removeBuild = ({ ociLayout }: DockerfileResult): Promise<void> =>
  fs.rm(path.dirname(ociLayout), { recursive: true, force: true });

/** State that must not survive a restart of the machine. */
const containersRunRoot = (): string => {
  const id = crypto.createHash("sha256").update(localPaths().containersDir).digest("hex").slice(0, 8);
  return path.join(runtimeFolder(), `unikernel-containers-${os.userInfo().uid}-${id}`);
};

/** In memory, where the system has such a folder for the user. */
const runtimeFolder = (): string => environmentVariable("XDG_RUNTIME_DIR") ?? os.tmpdir();
