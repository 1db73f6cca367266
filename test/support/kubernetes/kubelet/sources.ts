/** ConfigMaps, Secrets and fields of a pod, as its containers see them. */
import { KubernetesApi, type KubernetesObject } from "../api";
import { toLoopback } from "./addresses";
import type { Pod } from "./objects";

/** A container that cannot be created, as `kubectl describe` would say it. */
export class ContainerConfigError extends Error {}

/** Contents by key. */
export type Data = ReadonlyMap<string, Buffer>;

/** Reads the objects of a pod's namespace. */
export class PodSources {
  private readonly api: KubernetesApi;
  private readonly pod: Pod;
  private readonly podIp: string;
  private readonly nodeName: string;

  constructor(api: KubernetesApi, pod: Pod, podIp: string, nodeName: string) {
    this.api = api;
    this.pod = pod;
    this.podIp = podIp;
    this.nodeName = nodeName;
  }

  /** Undefined if it does not exist and is optional. */
  async configMap(name: string, optional = false): Promise<Data | undefined> {
    const found = await this.find("configmaps", name, optional);
    const { data, binaryData } = (found ?? {}) as {
      data?: Record<string, string>;
      binaryData?: Record<string, string>;
    };
    return found && new Map([...entries(data, "utf8"), ...entries(binaryData, "base64")]);
  }

  /** Undefined if it does not exist and is optional. */
  async secret(name: string, optional = false): Promise<Data | undefined> {
    const found = await this.find("secrets", name, optional);
    return found && new Map(entries((found as { data?: Record<string, string> }).data, "base64"));
  }

  /** A field of the pod, such as `metadata.name`. `status.podIP` is the loopback address, since that is where it can listen. */
  field(fieldPath: string): string {
    const { metadata, spec } = this.pod;
    const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath);
    if (keyed !== null) return metadata[keyed[1] as "labels" | "annotations"]?.[keyed[2] ?? ""] ?? "";
    const known: Readonly<Record<string, string>> = {
      "metadata.name": metadata.name,
      "metadata.namespace": metadata.namespace,
      "metadata.uid": metadata.uid,
      "spec.nodeName": this.nodeName,
      "spec.serviceAccountName": spec.serviceAccountName ?? "default",
      "status.podIP": toLoopback(this.podIp),
      "status.hostIP": "127.0.0.1",
    };
    const value = known[fieldPath];
    if (value === undefined) throw new ContainerConfigError(`the test kubelet does not know the field ${fieldPath}`);
    return value;
  }

  /** A token of the pod's service account. */
  async token(audience: string | undefined, expirationSeconds = 3600): Promise<string> {
    const { metadata, spec } = this.pod;
    const account = spec.serviceAccountName ?? "default";
    const path = `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${account}/token`;
    const request = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds, ...(audience === undefined ? {} : { audiences: [audience] }) },
    };
    const { status } = (await this.api.create(path, request)) as { status: { token: string } };
    return status.token;
  }

  private async find(plural: string, name: string, optional: boolean): Promise<KubernetesObject | undefined> {
    const path = `/api/v1/namespaces/${this.pod.metadata.namespace}/${plural}/${name}`;
    const found = await this.api.find<KubernetesObject>(path);
    if (found === undefined && !optional) throw new ContainerConfigError(`${plural.slice(0, -1)} "${name}" not found`);
    return found;
  }
}

const entries = (data: Record<string, string> | undefined, encoding: BufferEncoding): [string, Buffer][] =>
  Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]);
