/**
 * A Kubernetes API and the Pulumi provider for it: etcd from PATH or from Debian's package, everything else built once from its
 * Go module (pinned in `go.mod`, checked against `go.sum`). One module requires them all: API server and
 * provider have a thousand packages in common, which one build compiles once.
 *
 * ```text
 * <cache>/kubernetes/<versions>/etcd
 * <cache>/kubernetes/<versions>/kube-apiserver
 * <cache>/kubernetes/<versions>/kube-controller-manager
 * <cache>/kubernetes/<versions>/pulumi-resource-kubernetes    the provider, of the version of the npm package
 * ```
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { copyFromDebianPackage } from "./debianPackage.mjs";
import { buildGoCommands, findGo, pinnedVersion, toolCache } from "../goTool.mjs";
import { PROVIDER, PROVIDER_COMMAND, writeProviderSources } from "./providerSources.mjs";
import { SetupError } from "../terminal.mjs";
import { findTool, isExecutable, runTool } from "../tool.mjs";

const KUBERNETES = "k8s.io/kubernetes";

/**
 * @typedef {object} Kubernetes
 * @property {string} version of the API server, such as `1.34.4`
 * @property {string} providerVersion such as `4.24.1`
 * @property {string} bin folder of `kube-apiserver`, `kube-controller-manager` and `pulumi-resource-kubernetes`
 * @property {string} etcd absolute path
 */

/** @param {string} root the checkout @returns {Promise<Kubernetes>} */
export async function ensureKubernetes(root) {
  const folder = path.join(root, "scripts", "setup", "kubernetes");
  const version = pinnedVersion(folder, KUBERNETES);
  const providerVersion = sdkVersion(root);
  const commit = pinnedVersion(folder, PROVIDER).split("-").at(-1);
  const bin = path.join(toolCache("kubernetes"), `${version}-${providerVersion}-${commit}`);
  if (!(await isComplete(bin, version))) {
    await build({ folder, version, providerVersion, bin });
    if (!(await isComplete(bin, version)))
      throw new SetupError(`Kubernetes in ${bin} does not run.`, `Remove ${bin} and run this again.`);
  }
  return { version, providerVersion, bin, etcd: await ensureEtcd(bin) };
}

/** The version of `@pulumi/kubernetes`, which the provider must have too. @param {string} root */
function sdkVersion(root) {
  const { devDependencies } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
  return /** @type {string} */ (devDependencies["@pulumi/kubernetes"]);
}

/** @param {string} bin @returns {Promise<string>} absolute path */
async function ensureEtcd(bin) {
  const found = findTool("etcd", [bin]);
  if (found !== undefined) return found;
  const target = path.join(bin, "etcd");
  const alternative = "etcd 3.4 or newer (https://etcd.io/docs/latest/install/)";
  await copyFromDebianPackage({ debianPackage: "etcd-server", file: "usr/bin/etcd", target, alternative });
  return target;
}

/** @param {{ folder: string, version: string, providerVersion: string, bin: string }} options */
async function build({ folder, version, providerVersion, bin }) {
  const title = `Kubernetes ${version} and its Pulumi provider ${providerVersion}`;
  const go = await findGo(folder, title, "a newer Go");
  await fs.promises.mkdir(bin, { recursive: true });
  const draft = await fs.promises.mkdtemp(path.join(bin, ".module-"));
  try {
    for (const name of ["go.mod", "go.sum"])
      await fs.promises.copyFile(path.join(folder, name), path.join(draft, name));
    await writeProviderSources({ go, folder: draft, version: providerVersion });
    const [major, minor] = version.split(".");
    const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
    await buildGoCommands({
      go,
      folder: draft,
      title: `${title} (five to fifteen minutes)`,
      packages: [
        `${PROVIDER}/cmd/${PROVIDER_COMMAND}`,
        `${KUBERNETES}/cmd/kube-apiserver`,
        `${KUBERNETES}/cmd/kube-controller-manager`,
      ],
      home: bin,
      alternative: "a newer Go",
      withoutDebugInfo: ["k8s.io/...", "sigs.k8s.io/...", "github.com/..."],
      ldflags: [
        ...Object.entries(stamps).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`),
        `-X ${PROVIDER}/pkg/version.Version=${providerVersion}`,
      ].join(" "),
    });
  } finally {
    await fs.promises.rm(draft, { recursive: true, force: true });
  }
}

/** @param {string} bin @param {string} version */
async function isComplete(bin, version) {
  if (!isExecutable(path.join(bin, PROVIDER_COMMAND))) return false;
  for (const name of ["kube-apiserver", "kube-controller-manager"]) {
    const binary = path.join(bin, name);
    if (!isExecutable(binary)) return false;
    const { code, stdout } = await runTool(binary, ["--version"], { timeoutMs: 30_000 });
    if (code !== 0 || stdout.trim() !== `Kubernetes v${version}`) return false;
  }
  return true;
}
