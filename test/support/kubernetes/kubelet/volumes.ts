/** The volumes of one pod, as folders of this machine. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Claim, PersistentVolume, Pod, ProjectedSource, Volume } from "./objects";
import { ContainerConfigError, type Data, type PodSources } from "./sources";

/** Where a volume is. */
export interface VolumeFolder {
  readonly folder: string;
  readonly readOnly: boolean;
}

/** The claims and volumes of the cluster. */
export interface Storage {
  readonly claims: readonly Claim[];
  readonly volumes: readonly PersistentVolume[];
}

const DEFAULT_MODE = 0o644;

/** Folder of the volume behind a claim; throws unless it is bound. */
export function findClaimFolder(claimName: string, namespace: string, { claims, volumes }: Storage): string {
  const claim = claims.find(({ metadata }) => metadata.name === claimName && metadata.namespace === namespace);
  if (claim === undefined) throw new ContainerConfigError(`persistentvolumeclaim "${claimName}" not found`);
  const volume = volumes.find(({ metadata }) => metadata.name === claim.spec.volumeName);
  const folder = volume?.spec.hostPath?.path;
  if (claim.status?.phase !== "Bound" || folder === undefined)
    throw new ContainerConfigError(`persistentvolumeclaim "${claimName}" is not bound`);
  return folder;
}

/** Creates what the pod's volumes need. `folder` is the pod's own. */
export async function prepareVolumes(
  pod: Pod,
  folder: string,
  storage: Storage,
  sources: PodSources,
): Promise<ReadonlyMap<string, VolumeFolder>> {
  const prepared = new Map<string, VolumeFolder>();
  for (const volume of pod.spec.volumes ?? []) {
    const claim = volume.persistentVolumeClaim;
    if (claim === undefined) {
      const own = path.join(folder, "volumes", volume.name);
      await fs.mkdir(own, { recursive: true, mode: 0o777 });
      await fs.chmod(own, 0o777);
      prepared.set(volume.name, { folder: own, readOnly: volume.emptyDir === undefined });
    } else {
      const found = findClaimFolder(claim.claimName, pod.metadata.namespace, storage);
      prepared.set(volume.name, { folder: found, readOnly: claim.readOnly === true });
    }
  }
  await refreshVolumes(pod, prepared, sources);
  const { fsGroup } = pod.spec.securityContext ?? {};
  if (fsGroup !== undefined && process.getuid?.() === 0) {
    for (const { folder: each, readOnly } of prepared.values()) if (!readOnly) await giveToGroup(each, fsGroup);
  }
  return prepared;
}

/** Writes what has changed in ConfigMaps and Secrets. A kubelet does this about once a minute, this one much sooner. */
export async function refreshVolumes(
  pod: Pod,
  prepared: ReadonlyMap<string, VolumeFolder>,
  sources: PodSources,
): Promise<void> {
  for (const volume of pod.spec.volumes ?? []) {
    const target = prepared.get(volume.name);
    if (target === undefined) continue;
    const files = new Map<string, { readonly content: Buffer; readonly mode: number }>();
    const mode = volume.projected?.defaultMode ?? volume.configMap?.defaultMode ?? volume.secret?.defaultMode;
    for (const source of sourcesOf(volume)) {
      for (const [name, file] of await readSource(source, target.folder, sources, mode ?? DEFAULT_MODE))
        files.set(name, file);
    }
    if (volume.persistentVolumeClaim === undefined && volume.emptyDir === undefined)
      await writeFiles(target.folder, files);
  }
}

function sourcesOf({ configMap, secret, projected }: Volume): readonly ProjectedSource[] {
  if (configMap !== undefined) return [{ configMap }];
  if (secret !== undefined) return [{ secret: { ...secret, name: secret.secretName } }];
  return projected?.sources ?? [];
}

type Files = Map<string, { readonly content: Buffer; readonly mode: number }>;

async function readSource(source: ProjectedSource, folder: string, sources: PodSources, mode: number): Promise<Files> {
  const files: Files = new Map();
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  const object = configMap ?? secret;
  if (object !== undefined) {
    const data: Data =
      (await (configMap === undefined
        ? sources.secret(object.name, object.optional)
        : sources.configMap(object.name, object.optional))) ?? new Map();
    const items = object.items ?? [...data.keys()].map((key) => ({ key, path: key, mode: undefined }));
    for (const item of items) {
      const content = data.get(item.key);
      if (content === undefined && object.optional !== true)
        throw new ContainerConfigError(`${object.name} has no key ${item.key}`);
      if (content !== undefined) files.set(item.path, { content, mode: item.mode ?? mode });
    }
  }
  for (const { path: name, fieldRef } of downwardAPI?.items ?? [])
    files.set(name, { content: Buffer.from(sources.field(fieldRef?.fieldPath ?? "")), mode });
  if (serviceAccountToken !== undefined) {
    const { path: name, audience, expirationSeconds } = serviceAccountToken;
    const present = await fs.readFile(path.join(folder, name)).catch(() => undefined);
    files.set(name, { content: present ?? Buffer.from(await sources.token(audience, expirationSeconds)), mode });
  }
  return files;
}

async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const entry of await fs.readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !files.has(path.relative(folder, file))) await fs.rm(file);
  }
  for (const [name, { content, mode }] of files) {
    const file = path.join(folder, name);
    const present = await fs.readFile(file).catch(() => undefined);
    if (present?.equals(content) === true) continue;
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(`${file}.new`, content);
    await fs.chmod(`${file}.new`, mode);
    await fs.rename(`${file}.new`, file);
  }
}

async function giveToGroup(folder: string, group: number): Promise<void> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const files = [folder, ...entries.map((entry) => path.join(entry.parentPath, entry.name))];
  for (const file of files) {
    const { uid, mode } = await fs.lstat(file);
    await fs.lchown(file, uid, group);
    if ((mode & 0o170000) !== 0o120000)
      await fs.chmod(file, (mode & 0o7777) | 0o060 | ((mode & 0o040000) !== 0 ? 0o2010 : 0));
  }
}
