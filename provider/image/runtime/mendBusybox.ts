/**
 * Mends a fault of Debian's busybox 1.35, whose wget crashes on the option `-T`: it is built without that option's feature, and
 * busybox then parses the option as a number that it stores nowhere. Its table of options says `T:+`; as the text `T:` the option is
 * ignored, as in later releases. The byte that is free goes where busybox skips it, so that nothing else moves.
 */
const FAULTY = Buffer.from("^cqSO:o:P:Y:U:T:+t:n::\0");
const MENDED = Buffer.from("^cqSO:o:P:Y:U:T:t:n:::\0");

/** A busybox without the fault; the same bytes if it does not have it. Pure. */
export function mendBusybox(program: Buffer): Buffer {
  const at = program.indexOf(FAULTY);
  if (at < 0) return program;
  const mended = Buffer.from(program);
  MENDED.copy(mended, at);
  return mended;
}
