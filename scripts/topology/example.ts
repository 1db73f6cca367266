/** Runs the program of an example on mocks, without an engine, and draws what it registers. */
import * as fs from "node:fs/promises";
import { createRequire } from "node:module";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse as parseYaml } from "yaml";
import { type ReportedResource, toStackResources } from "../../provider/cli/topology/stackExport";
import { drawTopology } from "../../provider/cli/topology/topology";
import type * as testing from "../../sdk/testing";
import { withObjectName } from "../../sdk/testing/kubernetes";
import { TestProject } from "../../test/support/project";
import { recordRegistrations } from "./recorder";

const root = path.resolve(__dirname, "../..");
const METRO_KEY = "unikernel:metro";

/** Settings that a project does not declare, since only one of its two programs has them. */
const UNDECLARED = { "tyk-hybrid:tykSecret": "example", "tyk-hybrid:redisPassword": "example" };

/** Outputs of the stacks that examples refer to. */
const STACK_OUTPUTS = { mdcbUrl: "mdcb.example.com:9091", mdcbKey: "example", organisationId: "example" };

/** What exists outside the program: outputs of stacks, and addresses of load balancers. */
const OUTSIDE: Readonly<Record<string, object>> = {
  "pulumi:pulumi:StackReference": { outputs: STACK_OUTPUTS },
  "kubernetes:core/v1:Service": { status: { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } } },
};

/** Resources of other packages, as the mocks have them. */
const OTHERS: pulumi.runtime.Mocks = {
  newResource: ({ type, name, id, inputs }) => ({
    id: id === undefined || id === "" ? `${name}-id` : id,
    state: { ...withObjectName(type, name, inputs as Readonly<Record<string, unknown>>), ...OUTSIDE[type] },
  }),
  call: () => ({}),
};

/** A setting in Pulumi.yaml: a plain value, or a declaration. Source: pulumi/pulumi v3.259.0, `sdk/go/common/workspace/project.json`. */
type Setting =
  string | number | boolean | { readonly value?: unknown; readonly default?: unknown; readonly type?: string };

interface ProjectFile {
  readonly name: string;
  readonly config?: Readonly<Record<string, Setting>>;
}

/** Names of the examples with a Pulumi program, in order; `tyk-hybrid/control-plane` is a project within another. */
export async function exampleNames(): Promise<readonly string[]> {
  const patterns = ["*/Pulumi.yaml", "*/*/Pulumi.yaml"];
  const files: string[] = [];
  for await (const file of fs.glob(patterns, { cwd: path.join(root, "examples") })) files.push(file);
  return files.map((file) => path.dirname(file)).sort();
}

/** File of an example's picture. */
export const pictureFile = (name: string): string => path.join(root, "examples", name, "topology.svg");

/** The picture of an example. Changes the working directory while the program runs, as Pulumi does. */
export async function drawExample(name: string): Promise<string> {
  const project = await TestProject.copy(path.join("examples", name));
  const before = process.cwd();
  try {
    await fillEnvironmentFile(project);
    process.chdir(project.folder);
    return drawTopology(toStackResources(await registeredBy(project)));
  } finally {
    process.chdir(before);
    await project.remove();
  }
}

async function registeredBy({ folder }: TestProject): Promise<readonly ReportedResource[]> {
  const file = parseYaml(await fs.readFile(path.join(folder, "Pulumi.yaml"), "utf8")) as ProjectFile;
  const settings = Object.entries(file.config ?? {}).map(
    ([key, setting]) => [key.includes(":") ? key : `${file.name}:${key}`, settingText(setting)] as const,
  );
  const config: Readonly<Record<string, string>> = { ...UNDECLARED, ...Object.fromEntries(settings) };
  pulumi.runtime.setAllConfig(config);
  // The package as its users have it: what the program imports must be what the mocks belong to.
  const load = createRequire(path.join(folder, "index.ts"));
  const { mockPlatform } = load("pulumi-unikernel/testing") as typeof testing;
  const platform = mockPlatform({ project: file.name, stack: "dev", metro: config[METRO_KEY], foreign: OTHERS });
  let recorded: readonly ReportedResource[] = [];
  await platform.run(() => {
    recorded = recordRegistrations();
    return { ...(load("./index.ts") as object) };
  });
  return recorded;
}

/** The value of a setting; a stand-in of its type for one that each stack has to set. */
function settingText(setting: Setting): string {
  if (typeof setting !== "object") return String(setting);
  const standIns: Readonly<Record<string, unknown>> = { integer: 1, boolean: false, array: [] };
  const value = setting.value ?? setting.default ?? standIns[setting.type ?? ""] ?? "example";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Stand-ins for the variables that the user of an example has to fill in. */
async function fillEnvironmentFile(project: TestProject): Promise<void> {
  const template = await fs.readFile(path.join(project.folder, ".env.example"), "utf8").catch(() => undefined);
  const standIn = (name: string): string => (name.endsWith("_URL") ? "example.com:443" : "example");
  if (template === undefined) return;
  await project.write(
    ".env",
    template.replace(/^(\w+)=$/gm, (_line, name: string) => `${name}=${standIn(name)}`),
  );
}
