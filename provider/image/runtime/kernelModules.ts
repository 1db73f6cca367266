/** Kernel modules of the stand-in guest. Debian's cloud kernel has everything else built in. */

/**
 * File names in load order, relative to `lib/modules/<version>/kernel/`: PCI transport,
 * network card, disks. Source: the `depends` fields of the modules of linux-image-6.1-cloud (modinfo).
 */
export const KERNEL_MODULES: readonly string[] = [
  "drivers/virtio/virtio_ring.ko",
  "drivers/virtio/virtio.ko",
  "drivers/virtio/virtio_pci_legacy_dev.ko",
  "drivers/virtio/virtio_pci_modern_dev.ko",
  "drivers/virtio/virtio_pci.ko",
  "net/core/failover.ko",
  "drivers/net/net_failover.ko",
  "drivers/net/virtio_net.ko",
  "drivers/block/virtio_blk.ko",
];

/** The modules of a root file system on an EROFS disk, in load order: its checksums, EROFS, and the writable layer above it. */
export const EROFS_MODULES: readonly string[] = ["lib/libcrc32c.ko", "fs/erofs/erofs.ko", "fs/overlayfs/overlay.ko"];

/** The driver of the ports through which the host runs commands; loaded for the first one, because it would prolong every boot. */
export const COMMAND_MODULE = "drivers/char/virtio_console.ko";

/**
 * The modules of character devices that a program serves, in load order; loaded when a program opens one of them, because they would prolong
 * every boot.
 */
export const CONTROL_FILE_MODULES: readonly string[] = ["fs/fuse/fuse.ko", "fs/fuse/cuse.ko"];

/**
 * The modules of vsock within the guest, in load order; loaded when a program asks for a vsock socket, because they would prolong every
 * boot. There is no way from the host: `vhost_vsock` needs a device of the host that macOS does not have and users may not open.
 */
export const VSOCK_MODULES: readonly string[] = [
  "net/vmw_vsock/vsock.ko",
  "net/vmw_vsock/vmw_vsock_virtio_transport_common.ko",
  "net/vmw_vsock/vsock_loopback.ko",
];
