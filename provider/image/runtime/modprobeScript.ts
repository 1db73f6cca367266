/**
 * `/unikernel/modprobe` of the stand-in guest: the kernel runs it when a program needs a module, with the name of the module as last
 * argument. Only the modules of vsock are there, for a socket (`net-pf-40`, the number of AF_VSOCK) and for `/dev/vsock`, which `/init` has made
 * (`char-major-10-<number>`); any other name goes to the program of the image.
 */

/** The script; see the top of this file. */
export const MODPROBE_SCRIPT = `#!/unikernel/busybox sh
# Does what provider/image/runtime/modprobeScript.ts of pulumi-unikernel describes.
u=/unikernel
b=$u/busybox
case $* in
  *" net-pf-40" | *" char-major-10-1"[0-2][0-9]) ;;
  *) exec /sbin/modprobe "$@" ;;
esac
while read -r module; do
  $b insmod "$u/modules/$module"
done <$u/modules/vsock
# With the number that the driver has got, should it be another one than /init expected.
while read -r number name; do
  [ "$name" != vsock ] || { $b mknod -m 666 /dev/vsock.$$ c 10 $number && $b mv -f /dev/vsock.$$ /dev/vsock; }
done </proc/misc
`;
