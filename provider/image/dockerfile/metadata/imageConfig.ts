/** What an image's config says about running it. */
import { z } from "zod";

const strings = z.array(z.string()).nullish();
const names = z.record(z.string(), z.unknown()).nullish();

const configSchema = z.object({
  config: z
    .object({
      Entrypoint: strings,
      Cmd: strings,
      Env: strings,
      Labels: z.record(z.string(), z.string()).nullish(),
      WorkingDir: z.string().nullish(),
      User: z.string().nullish(),
      ExposedPorts: names,
      Volumes: names,
      StopSignal: z.string().nullish(),
      Healthcheck: z.object({ Test: strings }).nullish(),
      Shell: strings,
      OnBuild: strings,
    })
    .nullish(),
});

/** The fields of an image's config that say how it runs. Source: OCI image-spec 1.1, config.md; Docker's `Config` has the last three. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** In the image's order; the first value of a name that occurs twice counts, as for `getenv`. */
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Absolute, normalised; `/` if the image sets none. */
  readonly workingDir: string;
  readonly user: string | undefined;
  /** Such as `80/tcp`. */
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly stopSignal: string | undefined;
  readonly hasHealthcheck: boolean;
  readonly shell: readonly string[];
  readonly onBuild: readonly string[];
}

/** Parses the config blob of an image. Throws zod's error if it has another form. */
export function parseImageConfig(blob: unknown): ImageConfig {
  const { config } = configSchema.parse(blob);
  const test = config?.Healthcheck?.Test ?? [];
  return {
    entrypoint: config?.Entrypoint ?? [],
    cmd: config?.Cmd ?? [],
    env: parseEnv(config?.Env ?? []),
    labels: config?.Labels ?? {},
    workingDir: toAbsolute(config?.WorkingDir ?? ""),
    user: emptyToUndefined(config?.User),
    exposedPorts: Object.keys(config?.ExposedPorts ?? {}),
    volumes: Object.keys(config?.Volumes ?? {}),
    stopSignal: emptyToUndefined(config?.StopSignal),
    hasHealthcheck: test.length > 0 && test[0] !== "NONE",
    shell: config?.Shell ?? [],
    onBuild: config?.OnBuild ?? [],
  };
}

const emptyToUndefined = (text: string | null | undefined): string | undefined =>
  text === null || text === "" ? undefined : text;

function parseEnv(pairs: readonly string[]): Readonly<Record<string, string>> {
  const env = new Map<string, string>();
  for (const pair of pairs) {
    const end = pair.indexOf("=");
    const name = end < 0 ? pair : pair.slice(0, end);
    if (name !== "" && !env.has(name)) env.set(name, end < 0 ? "" : pair.slice(end + 1));
  }
  return Object.fromEntries(env);
}

/** An absolute path without `.`, `..` and repeated slashes, which never leads above `/`. */
export function toAbsolute(path: string, base = "/"): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${base}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
