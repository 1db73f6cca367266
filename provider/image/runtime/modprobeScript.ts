/**
 * `/unikernel/modprobe` of the stand-in guest: the kernel runs it when a program needs a module, with the name of the module as last
 * argument. Only these are there; any other name goes to the program of the image.
 *
 * - vsock, for a socket (`net-pf-40`, the number of AF_VSOCK) and for `/dev/vsock`, which `/init` has made (`char-major-10-<number>`)
 * - the files of `/uk/libukp`, which `/init` has made, too: the modules, and then the program that serves the file. It reports to the
 *   control port.
 */
import { CONTROL_FILES } from "./programs/controlFile";

/** The script; see the top of this file. */
export const MODPROBE_SCRIPT = `#!/unikernel/busybox sh
# Does what provider/image/runtime/modprobeScript.ts of pulumi-unikernel describes.
u=/unikernel
b=$u/busybox
load() {
  while read -r module; do
    $b insmod "$u/modules/$module"
  done <$u/modules/$1
}
case $* in
${CONTROL_FILES.names
  .map(
    (name, index) => `  *" char-major-${CONTROL_FILES.major}-${index}")
    load control-files 2>/dev/null
    exec $u/control-file ${name} ${index} >/dev/ttyS1
    ;;
`,
  )
  .join("")}  *" net-pf-40" | *" char-major-10-1"[0-2][0-9]) ;;
  *) exec /sbin/modprobe "$@" ;;
esac
load vsock
# With the number that the driver has got, should it be another one than /init expected.
while read -r number name; do
  [ "$name" != vsock ] || { $b mknod -m 666 /dev/vsock.$$ c 10 $number && $b mv -f /dev/vsock.$$ /dev/vsock; }
done </proc/misc
`;
