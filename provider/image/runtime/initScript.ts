/**
 * `/init` of the stand-in guest: a script for the static busybox that parses the same kernel command line as a Unikraft
 * kernel, sets up network and disks, runs the program as its child, and reports on the second serial port.
 *
 * ## Command line
 *
 * `netdev.ip=<cidr>:<gateway>:<dns0>:<dns1>:<hostname>:<domain> vfs.fstab=[ "…" ] env.vars=[ "K=V" ] -- arg "an arg"`,
 * read from `/proc/cmdline`, or, if that has no `--`, from `/unikernel/cmdline`, which has no limit on its length.
 * `netdev.ip` may be repeated, for one network card after the other; only the first has name servers and a host name. A word
 * `netdev.route=<cidr>:<gateway>:<index of the card>` adds a route; without a gateway, the card's own network has the addresses.
 * A word is unquoted, or entirely in double quotes. Inside quotes, a byte may be written as `\xHH` (two hexadecimal
 * digits); `"`, `\` and control characters must be. No other syntax exists: the shell never evaluates a value as code.
 * urunc passes the variables of `env.vars` unquoted, and an entry of `vfs.fstab` with the file system `extract`: the initrd, which the
 * kernel has unpacked already.
 *
 * An entry of `vfs.fstab` is `<device>:<absolute path>:<file system>:<flags>:<options>:<ukopts>`; the device is the
 * serial number of a virtio disk, the flag `ro` mounts it read-only, and the mount point is always created.
 *
 * ## Control port (ttyS1), one line each
 *
 * | line | from | meaning |
 * | --- | --- | --- |
 * | `clock` | guest | asks for the time, once, before the program runs |
 * | `clock <ns> now` | host | set the wall clock to this many nanoseconds since 1970, now |
 * | `clock-set <ns>` | guest | the clock has been set to this time |
 * | `exec` | guest | commands can be run, see `execScript.ts`; an init of an earlier release does not say so |
 * | `exec <n> <nonce>` | host | run the command that comes through this pair of ports |
 * | `identity` | guest | it can become another guest than the one that booted, as a clone must; once, before the program runs |
 * | `identity <number> <seed> <host name> <words> now` | host | mix this seed (64 hexadecimal digits) into the random numbers, and take a new boot ID, this name and the addresses of these words |
 * | `identity-set <number>` | guest | that has been done |
 * | `notify` | guest | it can warn its program before standby; an init of an earlier release does not say so |
 * | `notify <number> now` | host | warn the program: send `scaletozero` to vsock port 138 |
 * | `notified <number> <taken>` | guest | that has been done; `yes` if a program listened there and took it, otherwise `no` |
 * | `awake <state>` | guest | whether the program lets the guest go to standby: `yes` if it must stay awake, or `no` |
 * | `template` | guest | the program wants to become a template, and stands still until that is answered |
 * | `template now` | host | it does not become one: the program goes on |
 * | `template-done` | guest | the program goes on, as it does in each clone once that has its identity |
 * | `started` | guest | network and disks are ready, the program runs |
 * | `error <text>` | guest | the setup failed; the VM exits |
 * | `exit <code>` | guest | the program exited (128 + signal number if killed), disks are unmounted; the VM exits |
 * | `stop <seconds>` | host | send SIGTERM to the program now, SIGKILL after this many seconds |
 *
 * `awake` and `template` come from the programs that serve the files of `/uk/libukp`: `scale_to_zero_disable`, a count of those that need the
 * guest awake, and `template_instance`. They are devices, whose programs the kernel starts when one is opened; see `modprobeScript.ts`.
 *
 * A line of the host may be cut off, or arrive late, where it was sent to a guest that was paused: `now` ends a complete one, an
 * unknown line is ignored, and the host knows by the answer which one was followed. Without an answer to `clock` within a second, as
 * from a host of an earlier release, the program starts with the time of the hardware clock, which counts whole seconds.
 *
 * The words of an identity are `card=<hardware address>,<address>,<netmask>` for each card in their order, and then
 * `route=<cidr>,<gateway>,<index of the card>`. They replace the addresses and routes that the cards had; name servers stay.
 *
 * Without a second serial port, as under urunc, nothing is reported: the program's output goes to the first port, and the end of the
 * program turns the VM off, since it would start again if it rebooted there.
 *
 * A VM that exits without `error` or `exit` crashed or was killed. As in shells, the exit code is 127 when the program
 * is not found and 126 when it cannot be executed.
 *
 * Everything it needs is in `/unikernel`, so that a root file system may replace any other file.
 *
 * ## Root file system on a disk
 *
 * If `/unikernel/rootfs` exists, it holds the serial number of a disk with an EROFS image. The script mounts it below a writable
 * layer in memory, copies `/unikernel/extra` over it, and starts again as the `/init` of that root file system.
 */
import { GUEST_PATH } from "./execScript";
import { CONTROL_FILES } from "./programs/controlFile";

/** The script; see the top of this file. */
export const INIT_SCRIPT = `#!/unikernel/busybox sh
# Reads and reports what provider/image/runtime/initScript.ts of pulumi-unikernel describes.
PATH=${GUEST_PATH}
u=/unikernel
b=$u/busybox
random=/proc/sys/kernel/random
blanks=$IFS
newline='
'
set -f

# Disks first, then the last word: whoever reads "exit" may rely on the disks.
finish() {
  kill -KILL -1 2>/dev/null
  while read -r device rest; do
    case $device in
      /dev/vd*) $b umount "$device" || { $b usleep 100000; $b umount "$device"; } || $b mount -o remount,ro "$device" ;;
    esac
  done </proc/mounts
  $b sync
  echo "$1" >&3
  # Setting a port waits until it has sent everything.
  [ $port = /dev/null ] || $b stty -F $port -echo
  $b stty -F /dev/ttyS0 -echo
  [ $port = /dev/null ] && $b poweroff -f
  $b reboot -f
}

# A serial port that is not there has the type 0. Then the kernel had no console= either.
open_port() {
  port=/dev/ttyS1
  read -r type </sys/class/tty/ttyS1/type
  [ "$type" != 0 ] || { port=/dev/null && exec </dev/ttyS0 >/dev/ttyS0 2>&1; }
  exec 3<>$port
}

fail() {
  echo "unikernel: $1"
  finish "error $1"
}

# CIDR gateway dns0 dns1 hostname domain
cards=0
network() {
  card=eth$cards
  cards=$((cards + 1))
  [ -e "/sys/class/net/$card" ] || fail "the VM has no network card $card"
  $b ip addr add "$1" dev "$card" || fail "the address '$1' cannot be set"
  $b ip link set "$card" up
  [ -z "$2" ] || $b ip route add default via "$2" || fail "the gateway '$2' cannot be set"
  for server in "$3" "$4"; do
    [ -z "$server" ] || echo "nameserver $server" >>/etc/resolv.conf
  done
  [ -z "$6" ] || echo "search $6" >>/etc/resolv.conf
  [ -z "$5" ] && return
  own_line="\${1%/*} $5"
  echo "$5" >/proc/sys/kernel/hostname
  echo "$own_line" >>/etc/hosts
}

# CIDR gateway card
route() {
  if [ -z "$2" ]; then
    $b ip route add "$1" dev "eth$3"
  else
    $b ip route add "$1" via "$2" dev "eth$3"
  fi || fail "the route to '$1' cannot be set"
}

# disk path type flags
mount_disk() {
  set +f
  for serial in /sys/block/vd*/serial; do
    set -f
    read -r name <"$serial" || [ -n "$name" ] || continue
    [ "$name" = "$1" ] || continue
    device=\${serial%/serial}
    $b mkdir -p "$2"
    $b mount -t "$3" -o "\${4:-rw}" "/dev/\${device##*/}" "$2" || fail "the disk '$1' cannot be mounted at '$2'"
    return
  done
  fail "no disk '$1' is attached"
}

# Without a limit of its own, a tmpfs ends at half of the memory.
switch_to_disk() {
  load_modules erofs
  read -r name <$u/rootfs
  mount_disk "$name" $u/lower erofs ro
  $b mkdir -p $u/memory $u/root
  $b mount -t tmpfs -o size=95% tmpfs $u/memory
  $b mkdir $u/memory/upper $u/memory/work
  $b mount -t overlay -o "lowerdir=$u/lower,upperdir=$u/memory/upper,workdir=$u/memory/work" overlay $u/root ||
    fail "the root file system cannot be made writable"
  [ ! -e $u/extra ] || $b cp -a $u/extra/. $u/root/
  for folder in proc sys dev; do
    $b mount -o move "/$folder" "$u/root/$folder"
  done
  exec $b switch_root $u/root /init
}

# nanoseconds
set_clock() {
  $u/set-clock "$1" && echo "clock-set $1" >&3
}

# number, seed, host name, words
set_identity() {
  number=$1 name=$3
  $u/reseed "$2" || return
  own_boot_id
  shift 3
  hosts=
  while read -r line || [ -n "$line" ]; do
    [ "$line" = "$own_line" ] || hosts="$hosts$line$newline"
  done </etc/hosts
  echo "$name" >/proc/sys/kernel/hostname
  cards=0
  for word; do
    IFS=,
    case $word in
      card=*) move_card \${word#card=} ;;
      route=*) route \${word#route=} ;;
    esac
    IFS=$blanks
  done
  echo "$hosts$own_line" >/etc/hosts
  go_on
  echo "identity-set $number" >&3
}

# The program that has asked for a template, if any.
go_on() {
  [ ! -e /sys/class/cuse/${CONTROL_FILES.names[1]} ] || $b killall -q -USR1 control-file
}

# The kernel never changes its own, once somebody has read it. A clone of a clone has the file in its place already.
own_boot_id() {
  read -r id <$random/uuid
  [ -e $u/boot-id ] || { echo "$id" >$u/boot-id && $b mount -o bind $u/boot-id $random/boot_id; }
  echo "$id" >$u/boot-id
}

# hardware address, address, netmask
move_card() {
  [ $cards != 0 ] || own_line="$2 $name"
  $b ifconfig eth$cards hw ether "$1" "$2" netmask "$3" || fail "the address '$2' cannot be set"
  cards=$((cards + 1))
}

# A program may open /dev/vsock before its first socket, so it exists before its driver, with the number that this will get: the highest
# free one below 128, of those that the kernel gives out (misc_register). Opening it loads the driver.
make_vsock() {
  numbers=' ' number=127
  while read -r other name; do
    numbers="$numbers$other "
  done </proc/misc
  while :; do
    case $numbers in *" $number "*) number=$((number - 1)) ;; *) break ;; esac
  done
  $b mknod -m 666 /dev/vsock c 10 $number
}

# As in the cloud. The kernel asks for their driver when they are opened.
make_control_files() {
${CONTROL_FILES.names
  .map((name, index) => `  $b mknod -m 666 /uk/libukp/${name} c ${CONTROL_FILES.major} ${index}\n`)
  .join("")}}

# number; a program that can listen has had the modules loaded
notify() {
  taken=no
  [ ! -e /sys/module/vsock_loopback ] || ! $u/notify || taken=yes
  echo "notified $1 $taken" >&3
}

load_modules() {
  while read -r module; do
    $b insmod "$u/modules/$module"
  done <"$u/modules/$1"
}

if [ -e /proc/self ]; then
  open_port
else
  $b mount -t proc proc /proc
  $b mount -t sysfs sysfs /sys
  $b mount -t devtmpfs devtmpfs /dev
  open_port
  echo 0 >/proc/sys/kernel/printk_devkmsg 2>/dev/null
  echo $u/modprobe >/proc/sys/kernel/modprobe
  load_modules order
  [ ! -e $u/rootfs ] || switch_to_disk
fi
$b mkdir -p /dev/pts /dev/shm /tmp /etc /uk/libukp
$b cp -a $u/dev/. /dev/
make_vsock
make_control_files
# The console that this script has, which is not that in /dev: programs that run as another user may open /dev/stdout too.
$b chmod 666 /proc/self/fd/1
$b mount -t devpts devpts /dev/pts
$b mount -t tmpfs tmpfs /dev/shm

$b ifconfig lo 127.0.0.1
read -r line </proc/cmdline
# The file counts only if the platform passed no program: then it has added the file, and an image cannot.
case $line in *" -- "*) ;; *) [ ! -e $u/cmdline ] || line=$($b cat $u/cmdline) ;; esac

# Cut at quotes, every second piece was inside them. What the loop finds for the program it appends to "$@".
IFS='"'
set -- $line
IFS=$blanks
pieces=$# quoted=false section=kernel line=
while [ $pieces -gt 0 ]; do
  piece=$1
  shift
  pieces=$((pieces - 1))
  if $quoted; then
    quoted=false
    case $piece in *\\\\*) piece=$(printf '%bX' "$piece") piece=\${piece%X} ;; esac
    case $section in
      program | variables) set -- "$@" "$piece" ;;
      disks)
        case $piece in *:extract:*) continue ;; esac
        IFS=:
        mount_disk $piece
        IFS=$blanks
        ;;
    esac
    continue
  fi
  quoted=true
  for word in $piece; do
    case $section:$word in
      program:*) set -- "$@" "$word" ;;
      variables:*=*) set -- "$@" "$word" ;;
      *:--) section=program ;;
      *:env.vars=\\[) section=variables ;;
      *:vfs.fstab=\\[) section=disks ;;
      *:]) section=kernel ;;
      kernel:netdev.ip=*)
        IFS=:
        network \${word#netdev.ip=}
        IFS=$blanks
        ;;
      kernel:netdev.route=*)
        IFS=:
        route \${word#netdev.route=}
        IFS=$blanks
        ;;
    esac
  done
done
[ $section = program ] || fail "the command line names no program"

# With echo, what the host sends could end up within a report.
[ $port = /dev/null ] || $b stty -F $port -echo
echo identity >&3
echo clock >&3
read -r -t 1 command value end <&3
[ "$command $end" != "clock now" ] || set_clock "$value"

cd /
$b env -i "PATH=$PATH" HOME=/ "$@" 3>&- &
program=$!
while read -r command value end; do
  case "$command $end" in
    "clock now") set_clock "$value" ;;
    "exec "?*)
      # Within a subshell that ends, so that the main shell reaps it.
      ($b setsid $b sh $u/exec "$value" "$end" "$@" </dev/null 3>&- &)
      ;;
    "identity "*" now") set_identity "$value" $end ;;
    "notify now") (notify "$value" &) ;; # connecting to a program that is busy waits; reaped as above
    "template now") go_on ;;
    "stop ")
      kill -TERM $program
      $b sleep "$value"
      kill -KILL $program
      ;;
  esac
done <&3 >/dev/null 2>&1 &
echo exec >&3
echo notify >&3
echo started >&3
wait $program
finish "exit $?"
`;
