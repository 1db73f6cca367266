/** What compose-go, the library of Compose itself, makes of Compose files. `composeGo/main.go` calls it. */
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import type { ComposePlan } from "../../provider/compose/model";
import { compileGoGuest } from "./goGuest";

/** A project of files in memory. */
export interface ComposeCase {
  /** Contents by path; `compose.yaml` is the project's file. */
  readonly files: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
}

/** What both readers say of a service. */
export interface ComposeView {
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly memoryMb: number | undefined;
  /** `443:8080`, in order. */
  readonly ports: readonly string[];
  /** `data:/data:ro`, in order. */
  readonly mounts: readonly string[];
  readonly dependsOn: readonly string[];
}

/** Services by the name of their instance or template. */
export type ComposeViews = Readonly<Record<string, ComposeView>>;

/** The part of compose-go's model that is compared. Source: compose-spec/compose-go v2.16.2, `types/types.go`. */
interface GoProject {
  readonly name: string;
  readonly services: Readonly<Record<string, GoService>>;
}
interface GoService {
  readonly container_name?: string;
  readonly image?: string;
  readonly build?: { readonly context: string; readonly args?: Readonly<Record<string, string>> };
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly entrypoint?: readonly string[] | null;
  readonly command?: readonly string[] | null;
  readonly mem_limit?: string;
  readonly mem_reservation?: string;
  readonly deploy?: {
    readonly resources?: Readonly<Record<"limits" | "reservations", { readonly memory?: string } | undefined>>;
  };
  readonly ports?: readonly { readonly target: number; readonly published?: string }[];
  readonly volumes?: readonly { readonly source?: string; readonly target: string; readonly read_only?: boolean }[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

/** The views of compose-go, or its error. */
export type GoAnswer = { readonly views: ComposeViews } | { readonly error: string };

/** Reads all projects with compose-go, in one process. */
export async function readWithComposeGo(cases: readonly ComposeCase[]): Promise<readonly GoAnswer[]> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-compose-go-"));
  try {
    const program = path.join(folder, "composeGo");
    await compileGoGuest(path.join(__dirname, "composeGo"), program);
    const requests = await Promise.all(
      cases.map(async ({ files, environment = {}, profiles = [] }, index) => {
        // The name of the folder is that of a project without one.
        const own = path.join(folder, String(index), "app");
        for (const [name, text] of Object.entries(files)) {
          await fs.mkdir(path.dirname(path.join(own, name)), { recursive: true });
          await fs.writeFile(path.join(own, name), text);
        }
        const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
        return { folder: own, files: [path.join(own, "compose.yaml")], environment: variables, profiles };
      }),
    );
    const input = requests.map((request) => `${JSON.stringify(request)}\n`).join("");
    const output = childProcess.execFileSync(program, { input, encoding: "utf8", maxBuffer: 2 ** 26 });
    return output
      .trimEnd()
      .split("\n")
      .map((line, index) => {
        const { project, error } = JSON.parse(line) as { readonly project?: GoProject; readonly error?: string };
        return project === undefined
          ? { error: error ?? "" }
          : { views: viewsOfProject(project, path.join(folder, String(index), "app")) };
      });
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

function viewsOfProject({ name, services }: GoProject, folder: string): ComposeViews {
  const views = Object.entries(services).map(([key, service]): readonly [string, ComposeView] => {
    const { limits, reservations } = service.deploy?.resources ?? {};
    const memory = service.mem_limit ?? limits?.memory ?? service.mem_reservation ?? reservations?.memory;
    const { build } = service;
    return [
      service.container_name ?? `${name}-${key}`.toLowerCase().replace(/[._]/g, "-"),
      {
        image:
          build === undefined
            ? (service.image ?? "")
            : describeBuild(path.relative(path.dirname(folder), build.context), build.args ?? {}),
        env: Object.fromEntries(
          Object.entries(service.environment ?? {}).flatMap(([variable, value]) =>
            value === null ? [] : [[variable, value] as const],
          ),
        ),
        args: [...(service.entrypoint ?? []), ...(service.command ?? [])],
        memoryMb: memory === undefined ? undefined : Math.ceil(Number(memory) / 2 ** 20),
        ports: (service.ports ?? []).map(({ published, target }) => `${published}:${target}`).sort(),
        mounts: (service.volumes ?? []).map((one) => describeMount(one.source, one.target, one.read_only)).sort(),
        dependsOn: Object.keys(service.depends_on ?? {}).sort(),
      },
    ];
  });
  return Object.fromEntries(views);
}

/** The same of a plan, without the redirect that port 443 brings. */
export function viewsOfPlan({ services }: ComposePlan): ComposeViews {
  const views = services.map(({ name, instances, image, workload, service, dependsOn }): [string, ComposeView] => {
    const { env, args = [], memoryMb, volumes, ephemeralVolumes } = workload;
    const ports = (service?.ports ?? []).filter(({ handlers }) => !handlers.includes("redirect"));
    return [
      instances[0] ?? name,
      {
        image:
          "reference" in image ? image.reference : describeBuild(image.build.context, texts(image.build.build?.args)),
        env: texts(env),
        args: args.map(({ text }) => text),
        memoryMb,
        ports: ports.map(({ port, destinationPort }) => `${port}:${destinationPort}`).sort(),
        mounts: [
          ...volumes.map(({ volume, at, readonly }) =>
            describeMount("key" in volume ? volume.key : volume.name, at, readonly),
          ),
          ...ephemeralVolumes.map(({ at }) => describeMount(undefined, at, false)),
        ].sort(),
        dependsOn: [...dependsOn].sort(),
      },
    ];
  });
  return Object.fromEntries(views);
}

const describeBuild = (context: string, args: Readonly<Record<string, string>>): string =>
  `build ${context} ${JSON.stringify(Object.entries(args).sort())}`;

const describeMount = (source: string | undefined, target: string, readonly: boolean | undefined): string =>
  `${source ?? ""}:${target}:${readonly === true ? "ro" : "rw"}`;

const texts = (values: Readonly<Record<string, { readonly text: string }>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).map(([name, { text }]) => [name, text]));
