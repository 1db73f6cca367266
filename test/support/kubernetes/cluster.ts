/**
 * A Kubernetes API of its own: etcd, kube-apiserver and kube-controller-manager as processes on loopback ports, in a temporary
 * folder. They end with the test process. There is no node; `testKubelet.ts` adds some.
 *
 * One user, in the group `system:masters`. Authorization is RBAC and Node, admission has the server's defaults.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stringify as stringifyYaml } from "yaml";
import { makeCertificate } from "../certificates";
import { freePort } from "../freePorts";
import { KubernetesApi } from "./api";
import { type BoundProcess, startBoundProcess } from "./boundProcess";
import { reserveNetwork } from "./network";
import { findKubernetes } from "./tools";

const HOST = "127.0.0.1";
/** Of the temporary folders, before the id of the process that they belong to. */
const FOLDER = "unikernel-kubernetes-";
const START_TIMEOUT_MS = 180_000;
/** etcd loses nothing that a test needs when it is killed. */
const STOP_GRACE_MS = 1_000;

/** A running API. */
export interface TestCluster {
  /** File for `kubernetes.Provider({ kubeconfig })` or the variable KUBECONFIG. */
  readonly kubeconfig: string;
  /** As an administrator. */
  readonly api: KubernetesApi;
  /** Temporary folder, with the logs of the programs. */
  readonly folder: string;
  /** Variables with which the provider finds this cluster. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of the provider, for a stack's `plugins`. */
  readonly plugins: string;
  /** Second part of its addresses; see `network.ts`. */
  readonly network: number;
  /** Process ids of the three programs. */
  readonly pids: readonly number[];
  /** Ends the programs and removes the folder. */
  stop(): Promise<void>;
}

/** Starts the programs and waits until the API is ready and the namespace `default` can hold pods. */
export async function startKubernetes(): Promise<TestCluster> {
  const tools = findKubernetes();
  await removeAbandoned();
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), `${FOLDER}${process.pid}-`));
  const network = await reserveNetwork();
  const processes: BoundProcess[] = [];
  const start = (name: string, program: string, args: readonly string[]): void => {
    const env = { ...process.env, GOMAXPROCS: "2" };
    processes.push(startBoundProcess({ command: [program, ...args], env, log: path.join(folder, `${name}.log`) }));
  };
  const port = await freePort();
  const token = crypto.randomBytes(16).toString("hex");
  const { chain: ca, pkey } = makeCertificate("kube-apiserver", [HOST, "localhost", "kubernetes.default.svc"]);
  const api = new KubernetesApi({ host: HOST, port, ca, token });
  const stop = async (): Promise<void> => {
    api.close();
    network.release();
    await Promise.all(processes.map((running) => running.stop(STOP_GRACE_MS)));
    await fs.rm(folder, { recursive: true, force: true });
  };
  try {
    const files = await writeFiles(folder, { ca, pkey, token, server: `https://${HOST}:${port}` });
    const etcdPort = await freePort();
    start("etcd", tools.etcd, etcdArguments(folder, etcdPort, await freePort()));
    start(
      "kube-apiserver",
      path.join(tools.bin, "kube-apiserver"),
      apiServerArguments(files, port, etcdPort, network.number),
    );
    await waitFor(() => isReady(api), folder, processes);
    start("kube-controller-manager", path.join(tools.bin, "kube-controller-manager"), managerArguments(files));
    const account = "/api/v1/namespaces/default/serviceaccounts/default";
    await waitFor(async () => (await api.find(account)) !== undefined, folder, processes);
    const { kubeconfig } = files;
    const pids = processes.map(({ pid }) => pid);
    return {
      kubeconfig,
      api,
      folder,
      environment: { KUBECONFIG: kubeconfig },
      plugins: tools.bin,
      network: network.number,
      pids,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Removes the folders of test processes that were killed. */
async function removeAbandoned(): Promise<void> {
  for (const name of await fs.readdir(os.tmpdir())) {
    const owner = new RegExp(`^${FOLDER}(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner)))
      await fs.rm(path.join(os.tmpdir(), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

interface ClusterFiles {
  readonly certificate: string;
  readonly key: string;
  readonly tokens: string;
  readonly accountKey: string;
  readonly kubeconfig: string;
}

async function writeFiles(
  folder: string,
  { ca, pkey, token, server }: { ca: string; pkey: string; token: string; server: string },
): Promise<ClusterFiles> {
  const write = async (name: string, content: string): Promise<string> => {
    const file = path.join(folder, name);
    await fs.writeFile(file, content, { mode: 0o600 });
    return file;
  };
  const { privateKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
  const cluster = { server, "certificate-authority-data": Buffer.from(ca).toString("base64") };
  return {
    certificate: await write("server.crt", ca),
    key: await write("server.key", pkey),
    tokens: await write("tokens.csv", `${token},admin,admin,system:masters\n`),
    accountKey: await write("accounts.key", privateKey.export({ type: "sec1", format: "pem" }).toString()),
    kubeconfig: await write(
      "kubeconfig.yaml",
      stringifyYaml({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "test", cluster }],
        users: [{ name: "admin", user: { token } }],
        contexts: [{ name: "test", context: { cluster: "test", user: "admin", namespace: "default" } }],
        "current-context": "test",
      }),
    ),
  };
}

function etcdArguments(folder: string, port: number, peerPort: number): readonly string[] {
  const [client, peer] = [`http://${HOST}:${port}`, `http://${HOST}:${peerPort}`];
  return [
    `--data-dir=${path.join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--unsafe-no-fsync",
  ];
}

function apiServerArguments(files: ClusterFiles, port: number, etcdPort: number, network: number): readonly string[] {
  return [
    `--etcd-servers=http://${HOST}:${etcdPort}`,
    `--bind-address=${HOST}`,
    `--secure-port=${port}`,
    // It would publish its loopback address as the endpoint of the Service `kubernetes`, which the API itself rejects.
    "--endpoint-reconciler-type=none",
    `--service-cluster-ip-range=10.${network}.128.0/17`,
    `--tls-cert-file=${files.certificate}`,
    `--tls-private-key-file=${files.key}`,
    `--token-auth-file=${files.tokens}`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-signing-key-file=${files.accountKey}`,
    `--service-account-key-file=${files.accountKey}`,
    "--profiling=false",
  ];
}

function managerArguments(files: ClusterFiles): readonly string[] {
  return [
    `--kubeconfig=${files.kubeconfig}`,
    "--secure-port=0",
    "--leader-elect=false",
    `--service-account-private-key-file=${files.accountKey}`,
    `--root-ca-file=${files.certificate}`,
    "--horizontal-pod-autoscaler-sync-period=1s",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
    "--profiling=false",
  ];
}

async function isReady(api: KubernetesApi): Promise<boolean> {
  try {
    return (await api.request("GET", "/readyz")) === "ok";
  } catch {
    return false;
  }
}

async function waitFor(
  condition: () => Promise<boolean>,
  folder: string,
  processes: readonly BoundProcess[],
): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline || processes.some((running) => running.exitCode() !== undefined))
      throw new Error(`The Kubernetes API did not start:\n${await readLogs(folder)}`);
    await delay(50);
  }
}

/** The end of each program's log. */
async function readLogs(folder: string): Promise<string> {
  const names = (await fs.readdir(folder)).filter((name) => name.endsWith(".log"));
  const logs = await Promise.all(names.map(async (name) => [name, await fs.readFile(path.join(folder, name), "utf8")]));
  return logs.map(([name, text = ""]) => `${name}:\n${text.trimEnd().split("\n").slice(-15).join("\n")}`).join("\n\n");
}
