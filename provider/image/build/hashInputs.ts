/** The content hash of an image's inputs, which decides whether a build is needed. */
import { type Digest, digestOf } from "../../base/digest";
import type { Kraftfile } from "../kraftfile/model";
import { formatPlatform } from "../oci/descriptor";
import type { FileTree, TreeEntry } from "../rootfs/tree";
import { type KernelPlan, identifyKernel } from "./kernel/kernelPlan";
import type { RomPlan, RootfsPlan } from "./rootfsPlan";
import { type SecretContent, hashSecretContents } from "./files/secretHash";
import { type IdentifyOptions, identifyTree } from "./identifyTree";
import type { HashedParts, TreeRow } from "./imageParts";

/** Part of the content hash: incremented when the builder produces different bytes from the same inputs. */
export const BUILDER_VERSION = 5;

/** What goes into an image. */
export interface HashedInputs {
  readonly kraftfile: Kraftfile;
  readonly kernel: KernelPlan;
  readonly rootfs: RootfsPlan;
  /** The root file system, as far as it is known, with the `files`. */
  readonly tree: FileTree;
  readonly roms: readonly RomPlan[];
  /** The entries of the tree that are `files`. */
  readonly given: ReadonlySet<TreeEntry>;
  /** Build secrets by id. */
  readonly buildSecrets: Readonly<Record<string, string>>;
}

interface HashOptions extends IdentifyOptions {
  readonly hashKey: Uint8Array | undefined;
}

/** The hashes of inputs. */
export interface InputHashes {
  readonly contextHash: Digest;
  readonly secretHash: Digest | undefined;
  readonly parts: HashedParts;
}

/**
 * Hashes the parsed Kraftfile, the kernel, and paths, modes, owners, contents and link targets of the trees; hard links count as files
 * of their own. The contents of `files` and the secrets of a Dockerfile's build count in the secret hash only.
 */
export async function hashInputs(inputs: HashedInputs, options: HashOptions): Promise<InputHashes> {
  const { kraftfile, kernel, rootfs, tree, roms, given, buildSecrets } = inputs;
  const { hashKey } = options;
  const secrets: SecretContent[] = [];
  const rows = await identifyTree(tree, options, (path, entry, digest) => {
    if (!given.has(entry)) return digest;
    secrets.push(["file", path, digest]);
    return "given";
  });
  const { cmd, env, labels, targets } = kraftfile;
  const parts: HashedParts & { readonly builder: number } = {
    builder: BUILDER_VERSION,
    kernel: await identifyKernel(kernel, options),
    run: { cmd: cmd ?? null, env: Object.entries(env), labels: Object.entries(labels) },
    targets: targets.map((target) => formatPlatform(target)),
    format: kraftfile.rootfs?.format ?? null,
    source: identifySource(rootfs),
    tree: rows,
    roms: await Promise.all(roms.map((rom) => identifyRom(rom, options))),
  };
  // Keyed too: parts are compared with those of an earlier build, which are kept on the disk.
  const keyed = new Map(secrets.map((secret) => [secret[1], hashSecretContents([secret], hashKey)]));
  const named =
    keyed.size === 0 ? rows : rows.map((row): TreeRow => (keyed.has(row[0]) ? [...row, keyed.get(row[0])] : row));
  const runsBuilder = [rootfs, ...roms.map((rom) => rom.rootfs)].some(({ type }) => type === "dockerfile");
  for (const [id, value] of runsBuilder ? Object.entries(buildSecrets) : [])
    secrets.push(["build secret", id, digestOf(value)]);
  return {
    contextHash: digestOf(JSON.stringify(parts)),
    secretHash: hashSecretContents(secrets, hashKey),
    parts: { ...parts, tree: named },
  };
}

/** What stands for a root file system that is not known yet. */
function identifySource(rootfs: RootfsPlan): string | null {
  if (rootfs.type === "dockerfile") return rootfs.hash;
  return rootfs.type === "image" ? rootfs.reference : null;
}

async function identifyRom({ rootfs, format }: RomPlan, options: IdentifyOptions): Promise<unknown> {
  const tree = rootfs.type === "tree" ? rootfs.tree : new Map<string, TreeEntry>();
  return [format, identifySource(rootfs), await identifyTree(tree, options)];
}
