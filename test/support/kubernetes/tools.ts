/** The programs of a Kubernetes API, from the set-up. */
import * as childProcess from "node:child_process";
import * as path from "node:path";

const root = path.resolve(__dirname, "../../..");

/** What `node scripts/run.mjs kubernetes` prints. */
export interface KubernetesTools {
  /** Of the API server, such as `1.34.4`. */
  readonly version: string;
  /** Of the Pulumi provider, such as `4.24.1`. */
  readonly providerVersion: string;
  /** Folder of `kube-apiserver`, `kube-controller-manager` and `pulumi-resource-kubernetes`. */
  readonly bin: string;
  /** Absolute path. */
  readonly etcd: string;
}

let known: KubernetesTools | undefined;

/** The programs from the set-up, which runs now if needed. */
export function findKubernetes(): KubernetesTools {
  known ??= JSON.parse(process.env["UNIKERNEL_TEST_KUBERNETES"] ?? runSetUp()) as KubernetesTools;
  return known;
}

function runSetUp(): string {
  const run = path.join(root, "scripts", "run.mjs");
  const output = childProcess.execFileSync(process.execPath, [run, "kubernetes"], { encoding: "utf8" });
  return output.trimEnd().split("\n").at(-1) ?? "";
}
