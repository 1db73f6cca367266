/**
 * `/unikernel/modprobe` of the stand-in guest: the kernel runs it when a program needs a module, with the name of the module as last
 * argument. Only the modules of vsock are there (`net-pf-40`, the number of AF_VSOCK); any other name goes to the program of the image.
 */

/** The script; see the top of this file. */
export const MODPROBE_SCRIPT = `#!/unikernel/busybox sh
# Does what provider/image/runtime/modprobeScript.ts of pulumi-unikernel describes.
u=/unikernel
case $* in
  *" net-pf-40") ;;
  *) exec /sbin/modprobe "$@" ;;
esac
while read -r module; do
  $u/busybox insmod "$u/modules/$module"
done <$u/modules/vsock
`;
