/**
 * Volumes for claims: one folder per claim. The controller manager binds them; this creates and removes them, as a driver does.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { KubernetesApi } from "../api";
import type { Claim, Pod } from "./objects";
import type { Storage } from "./volumes";

/** A storage class and what its volumes can do. */
export interface TestStorageClass {
  readonly name: string;
  readonly accessModes: readonly string[];
}

const PROVISIONER = "folder.unikernel.test";

/** Creates the classes. */
export async function createStorageClasses(api: KubernetesApi, classes: readonly TestStorageClass[]): Promise<void> {
  for (const { name } of classes) {
    await api.ensure("/apis/storage.k8s.io/v1/storageclasses", {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name },
      provisioner: PROVISIONER,
      reclaimPolicy: "Delete",
    });
  }
}

/** See the file's comment. */
export class Provisioner {
  private readonly refused = new Set<string>();

  private readonly api: KubernetesApi;
  private readonly classes: readonly TestStorageClass[];
  /** Folder of the folders. */
  private readonly folder: string;

  constructor(api: KubernetesApi, classes: readonly TestStorageClass[], folder: string) {
    this.api = api;
    this.classes = classes;
    this.folder = folder;
  }

  /** Creates what is claimed and removes what is released. */
  async sync({ claims, volumes }: Storage): Promise<void> {
    const names = new Set(volumes.map(({ metadata }) => metadata.name));
    for (const claim of claims) {
      const storage = this.classes.find(({ name }) => name === claim.spec.storageClassName);
      const name = `pvc-${claim.metadata.uid}`;
      if (storage === undefined || claim.spec.volumeName !== undefined || names.has(name)) continue;
      const missing = claim.spec.accessModes.filter((mode) => !storage.accessModes.includes(mode));
      if (missing.length === 0) await this.create(name, claim);
      else await this.refuse(claim, `storage class "${storage.name}" does not support ${missing.join(", ")}`);
    }
    const released = volumes.filter(
      ({ spec, status }) =>
        status?.phase === "Released" &&
        spec.persistentVolumeReclaimPolicy === "Delete" &&
        this.classes.some(({ name }) => name === spec.storageClassName),
    );
    for (const { metadata } of released) {
      await this.api.remove(`/api/v1/persistentvolumes/${metadata.name}`);
      await fs.rm(path.join(this.folder, metadata.name), { recursive: true, force: true });
    }
  }

  private async create(name: string, { metadata, spec }: Claim): Promise<void> {
    const folder = path.join(this.folder, name);
    await fs.mkdir(folder, { recursive: true, mode: 0o755 });
    await this.api.ensure("/api/v1/persistentvolumes", {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name, annotations: { "pv.kubernetes.io/provisioned-by": PROVISIONER } },
      spec: {
        capacity: { storage: spec.resources.requests.storage },
        accessModes: spec.accessModes,
        storageClassName: spec.storageClassName,
        persistentVolumeReclaimPolicy: "Delete",
        hostPath: { path: folder },
        claimRef: {
          ...{ apiVersion: "v1", kind: "PersistentVolumeClaim" },
          ...{ namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
        },
      },
    });
  }

  /** Reports once, as an event of the claim. */
  private async refuse({ metadata }: Claim, message: string): Promise<void> {
    if (this.refused.has(metadata.uid)) return;
    this.refused.add(metadata.uid);
    const { namespace, name, uid } = metadata;
    await this.api.create(`/api/v1/namespaces/${namespace}/events`, {
      apiVersion: "v1",
      kind: "Event",
      metadata: { generateName: `${name}.`, namespace },
      involvedObject: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid },
      ...{ type: "Warning", reason: "ProvisioningFailed", message, source: { component: PROVISIONER } },
    });
  }
}

/** Why a pod cannot have its volumes on its node yet: one of them is in use on another, and allows only one node. */
export function findMultiAttach(pod: Pod, others: readonly Pod[], { claims }: Storage): string | undefined {
  const namesOf = ({ spec }: Pod): readonly string[] =>
    (spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => (claim === undefined ? [] : [claim.claimName]));
  const { namespace } = pod.metadata;
  for (const name of namesOf(pod)) {
    const claim = claims.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
    const modes = claim?.spec.accessModes ?? [];
    if (modes.includes("ReadWriteMany") || modes.includes("ReadOnlyMany")) continue;
    const isAlone = modes.includes("ReadWriteOncePod");
    const user = others.find(
      (other) =>
        other.metadata.namespace === namespace &&
        namesOf(other).includes(name) &&
        (isAlone || other.spec.nodeName !== pod.spec.nodeName),
    );
    if (user !== undefined) return `Multi-Attach error for volume "${name}": it is used by pod ${user.metadata.name}`;
  }
  return undefined;
}
