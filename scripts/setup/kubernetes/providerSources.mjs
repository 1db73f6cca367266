/**
 * Sources of the Pulumi provider for Kubernetes, as they build here. Its published Go module
 *
 * - lacks two files that its own build writes,
 * - imports a version of one package that fits older Kubernetes libraries than the API server's,
 * - imports its Go SDK for a table of types, of which four packages are enough.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { SetupError } from "../terminal.mjs";
import { lastLines, runTool } from "../tool.mjs";

/** The provider's Go module. */
export const PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4";
/** Its command, and the name under which the engine looks for a plugin. */
export const PROVIDER_COMMAND = "pulumi-resource-kubernetes";

const SDK = "github.com/pulumi/pulumi-kubernetes/sdk/v4";
const SDK_PACKAGES = [".", "utilities", "helm/v4", "yaml/v2"];

/**
 * Writes `./provider` and `./sdk` into a module that requires the provider, and lets it use them.
 *
 * @param {object} options
 * @param {string} options.go
 * @param {string} options.folder with the `go.mod`, which is changed
 * @param {string} options.version of the provider, without `v`
 */
export async function writeProviderSources({ go, folder, version }) {
  await copyProvider(await downloadModule(go, folder, PROVIDER), path.join(folder, "provider"), version);
  await copySdk(await downloadModule(go, folder, SDK), path.join(folder, "sdk"));
  const replacements = [`-replace=${PROVIDER}=./provider`, `-replace=${SDK}=./sdk`];
  await runGo(go, folder, ["mod", "edit", ...replacements]);
}

/** The folder of a module that the `go.mod` requires. @param {string} go @param {string} folder @param {string} module */
async function downloadModule(go, folder, module) {
  const { Dir } = JSON.parse(await runGo(go, folder, ["mod", "download", "-json", module]));
  return /** @type {string} */ (Dir);
}

/** @param {string} go @param {string} folder @param {readonly string[]} args @returns {Promise<string>} */
async function runGo(go, folder, args) {
  const { code, stdout, output } = await runTool(go, args, { cwd: folder });
  if (code === 0) return stdout;
  throw new SetupError(
    `go ${args.join(" ")} failed.`,
    "Go needs access to its module proxy (GOPROXY).",
    lastLines(output),
  );
}

/** @param {string} module @param {string} target @param {string} version */
async function copyProvider(module, target, version) {
  const entries = await fs.promises.readdir(module, { recursive: true, withFileTypes: true });
  const folders = new Set(entries.filter((entry) => entry.isFile()).map(({ parentPath }) => parentPath));
  for (const folder of folders) await copyFiles(folder, path.join(target, path.relative(module, folder)));

  // The API server's libraries, and so the merged fields that the provider gets from them, have types of version 6.
  const user = path.join(target, "pkg", "await", "await.go");
  const text = await fs.promises.readFile(user, "utf8");
  await fs.promises.writeFile(
    user,
    text.replace("structured-merge-diff/v4/fieldpath", "structured-merge-diff/v6/fieldpath"),
  );

  const command = path.join(target, "cmd", PROVIDER_COMMAND);
  const readJson = async (/** @type {string} */ name) =>
    JSON.parse(await fs.promises.readFile(path.join(command, name), "utf8"));
  const write = (/** @type {string} */ name, /** @type {unknown} */ content) =>
    fs.promises.writeFile(path.join(command, name), JSON.stringify(content));
  await write("schema-embed.json", { ...(await readJson("schema.json")), version });
  await write("terraform-mapping-embed.json", await readJson("terraform-mapping.json"));
}

/**
 * The provider's components (`helm.v4.Chart`, `yaml.v2.ConfigGroup`) register their children through a table with a Go type per
 * kind. The types of all kinds take longer to compile than the rest of the provider, and nothing reads them, so one type stands
 * for all.
 *
 * @param {string} module
 * @param {string} target
 */
async function copySdk(module, target) {
  await copyFiles(module, target);
  for (const name of SDK_PACKAGES)
    await copyFiles(path.join(module, "go", "kubernetes", name), path.join(target, "go", "kubernetes", name));
  const table = path.join(target, "go", "kubernetes", "yaml", "v2", "kinds.go");
  const isListKind = /^func IsListKind\([\s\S]*?^}$/m.exec(await fs.promises.readFile(table, "utf8"))?.[0];
  if (isListKind === undefined)
    throw new SetupError(
      `${table} has no IsListKind.`,
      "Adapt scripts/setup/kubernetes/providerSources.mjs to this version.",
    );
  await fs.promises.writeFile(table, `${TABLE}\n${isListKind}\n`);
}

/** Copies the files of a folder, without its subfolders. @param {string} from @param {string} to */
async function copyFiles(from, to) {
  await fs.promises.mkdir(to, { recursive: true });
  for (const entry of await fs.promises.readdir(from, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    // Its mode is read-only in Go's cache.
    await fs.promises.writeFile(path.join(to, entry.name), await fs.promises.readFile(path.join(from, entry.name)));
  }
}

const TABLE = `package v2

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

type anyKind struct{ pulumi.CustomResourceState }

func RegisterResource(ctx *pulumi.Context, apiVersion, kind, name string, props pulumi.Input,
	opts ...pulumi.ResourceOption) (pulumi.CustomResource, error) {
	if !strings.Contains(apiVersion, "/") {
		apiVersion = "core/" + apiVersion
	}
	var res anyKind
	if err := ctx.RegisterResource(fmt.Sprintf("kubernetes:%s:%s", apiVersion, kind), name, props, &res, opts...); err != nil {
		return nil, err
	}
	return &res, nil
}
`;
