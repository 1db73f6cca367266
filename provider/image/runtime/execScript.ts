/**
 * `/unikernel/exec` of the stand-in guest: runs one command of the host. `/init` starts it in a session of its own, with the number of
 * a pair of virtio ports, a nonce, and the variables and the program of the instance.
 *
 * ## Ports
 *
 * A pair carries one command at a time. Number n (from 0) is `/dev/vport<device>p<2n+1>`, for the command, its input and its
 * output, and `/dev/vport<device>p<2n+2>`, for its errors. Several pairs carry several commands at once.
 *
 * | bytes | from | meaning |
 * | --- | --- | --- |
 * | `<nonce>` and a line break | guest | on both ports: output begins here; what came before is of an earlier command |
 * | `<nonce>` and a line break | host | again and again until it has heard the guest |
 * | `<nonce> "arg" "an arg"` and a line break | host | the command; quotes as on the command line of `/init` |
 * | `<size>` and a line break, then `<size>` bytes | host | the next bytes of its input |
 * | `0` and a line break | host | its input ends here |
 * | `<nonce>=<code>` and a line break | guest | on both ports: output ends here; three digits, the exit code as in `/init` |
 *
 * Where the host gave up before the guest was ready, the guest finds the nonce of a later command, and ends: so it leaves the ports to that one.
 *
 * The command ends once its program has ended and nothing holds its output any more, as with ssh. When the host disconnects, whatever the
 * reason, everything in the session is killed: a daemon that was killed leaves no command behind.
 */
/** Where a guest's programs and commands are looked for. Source: the default of container runtimes. */
export const GUEST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The script; see the top of this file. */
export const EXEC_SCRIPT = `#!/unikernel/busybox sh
# Does what provider/image/runtime/execScript.ts of pulumi-unikernel describes.
PATH=${GUEST_PATH}
u=/unikernel
b=$u/busybox
blanks=$IFS
set -f
pair=$1 nonce=$2
shift 2
input=$u/exec-input.$pair
f=/proc/self/fd

# A port appears a moment after its driver, and is free a moment after the last command.
tries=0
wait_a_moment() {
  tries=$((tries + 1))
  [ $tries -lt 500 ] || exit 1
  $b usleep 10000
}
# The first number of a port is that of its device, which follows the disks.
find_port() {
  set +f
  for port in /dev/vport*p$1; do
    set -f
    [ -c $port ]
    return
  done
}
find_port 1 || $b insmod $u/modules/virtio_console.ko 2>/dev/null
until find_port $((2 * pair + 1)) && command exec 4<>$port; do wait_a_moment; done 2>/dev/null
until find_port $((2 * pair + 2)) && command exec 5<>$port; do wait_a_moment; done 2>/dev/null
echo "$nonce" >&4
echo "$nonce" >&5
words=
while [ -z "$words" ]; do
  read -r begin words <&4 && [ "$begin" = "$nonce" ] || exit 1
done

# The variables are the words with "=" before the program.
left=$# variables=true
while [ $left -gt 0 ]; do
  word=$1
  shift
  left=$((left - 1))
  case $variables$word in true*=*) set -- "$@" "$word" ;; *) variables=false ;; esac
done

# Cut at quotes, every second piece was inside them.
kept=$#
IFS='"'
set -- $words "$@"
IFS=$blanks
pieces=$(($# - kept)) quoted=false
while [ $pieces -gt 0 ]; do
  piece=$1
  shift
  pieces=$((pieces - 1))
  if $quoted; then
    quoted=false
    case $piece in *\\\\*) piece=$(printf '%bX' "$piece") piece=\${piece%X} ;; esac
    set -- "$@" "$piece"
  else
    quoted=true
  fi
done

# Passes the input on, and then only waits for the host to disconnect.
feed() {
  while read -r size <&4; do
    case $size in
      0) exec >&- ;;
      *) $b dd bs="$size" count=1 iflag=fullblock <&4 2>/dev/null ;;
    esac
  done
  kill -KILL 0
}

cd /
$b rm -f $input
$b mkfifo -m 600 $input
feed >$input &
feeder=$!
# Through pipes, so that no program keeps a port open, and that it may open /dev/stdin, which is not possible once a FIFO has ended.
# The cat in the background is not waited for: it ends with the feeder. 6 is the exit code, 7 the output.
code=$({ {
  { $b cat <$input 4>&- 5>&- 6>&- 7>&- & } | {
    $b chmod 666 $f/0 $f/1 $f/2 # a program that runs as another user may open /dev/stdout too
    $b env -i "PATH=$PATH" HOME=/ "$@" 4>&- 5>&- 6>&- 7>&-
    echo $? >&6
  } 2>&1 >&7 | $b cat >&5
} 7>&1 | $b cat >&4; } 6>&1)
kill -KILL $feeder
$b rm -f $input
printf '%s=%03d\\n' "$nonce" "$code" >&4
printf '%s=%03d\\n' "$nonce" "$code" >&5
`;
