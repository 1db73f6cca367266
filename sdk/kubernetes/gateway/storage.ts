/** The volumes that the gateways share, and what a storage class can do. Pure. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { metadataOf } from "../common/metadata";
import type { SharedFolder } from "./configuration";
import type { GatewayPlan, GatewayStorage } from "./plan";

/**
 * Provisioners of disks that one node mounts at a time. Sources: the documentation of each driver, "access modes", and Kubernetes,
 * "Persistent Volumes: Access Modes".
 */
const ONE_NODE_PROVISIONERS: readonly string[] = [
  "disk.csi.azure.com",
  "kubernetes.io/azure-disk",
  "ebs.csi.aws.com",
  "kubernetes.io/aws-ebs",
  "pd.csi.storage.gke.io",
  "kubernetes.io/gce-pd",
  "cinder.csi.openstack.org",
  "kubernetes.io/cinder",
  "dobs.csi.digitalocean.com",
  "csi.hetzner.cloud",
  "linodebs.csi.linode.com",
  "block.csi.vultr.com",
];

/** Ceph's block devices; the provisioner begins with the name of the operator's namespace. */
const CEPH_BLOCK = /(?:^|\.)rbd\.csi\.ceph\.com$/;

/** Why a class cannot do what the volumes need, as a sentence; `undefined` if it can, or if that is not known. */
export function describeUnsupportedClass(
  { storageClass = "", accessMode }: GatewayStorage,
  provisioner: string | undefined,
): string | undefined {
  if (accessMode !== "ReadWriteMany" || provisioner === undefined) return undefined;
  if (!ONE_NODE_PROVISIONERS.includes(provisioner) && !CEPH_BLOCK.test(provisioner)) return undefined;
  return (
    `storage.storageClass: '${storageClass}' makes disks (${provisioner}), which have no ReadWriteMany; use a class of a shared ` +
    "file system, or accessMode: ReadWriteOnce with singleNode: true."
  );
}

/**
 * A claim.
 *
 * @param storageClass the class, once it is checked; `undefined` for the cluster's default
 */
export const renderClaim = (
  plan: GatewayPlan,
  { accessMode, sizeMb }: GatewayStorage,
  folder: SharedFolder,
  storageClass: pulumi.Input<string> | undefined,
): k8s.types.input.core.v1.PersistentVolumeClaim => ({
  // A class may wait for a pod that uses the claim; the Deployment reports a claim that stays without a volume.
  metadata: metadataOf(plan, folder, { "pulumi.com/skipAwait": "true" }),
  spec: {
    accessModes: [accessMode],
    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    resources: { requests: { storage: `${sizeMb}Mi` } },
  },
});
