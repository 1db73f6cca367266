/** Connects the daemon to the network backends of a VM. */
import * as fs from "node:fs";
import { hasErrorCode } from "../../../../base/errors";
import { systemClock } from "../../../../base/clock";
import { FrameStream, type VmLink } from "../../../network/frameStream";
import { cardSocketOf, type VmFiles } from "../files";
import { QemuTimeoutError } from "../qmpClient";

/** How long QEMU may take to listen once its monitor responds: milliseconds usually, longer on a busy host. */
const TIMEOUT_MS = 10_000;
const POLL_MS = 5;

/**
 * Connects to a VM's networks; `undefined` for a VM of an earlier release, which has none. Throws {@link QemuTimeoutError} when QEMU does not accept.
 *
 * @param count of its network cards
 */
export async function connectLink(files: VmFiles, count: number, isAdopted: boolean): Promise<VmLink | undefined> {
  if (isAdopted && !fs.existsSync(files.cardSocket)) return undefined;
  const cards: FrameStream[] = [];
  try {
    for (let index = 0; index < count; index++) cards.push(await connectStream(cardSocketOf(files, index)));
    return { cards, uplink: await connectStream(files.uplinkSocket) };
  } catch (error) {
    for (const card of cards) card.close();
    throw error;
  }
}

/**
 * QEMU listens on another thread, so the socket may be missing, or refuse, for a moment. It is full (`EAGAIN`) until a busy QEMU has seen
 * that an earlier daemon is gone.
 */
async function connectStream(path: string): Promise<FrameStream> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      return await FrameStream.connect(path);
    } catch (error) {
      const isEarly = hasErrorCode(error, "ENOENT", "ECONNREFUSED", "EAGAIN");
      if (!isEarly || performance.now() > deadline)
        throw new QemuTimeoutError("The network of the VM does not accept a connection.", error);
    }
    await systemClock.sleep(POLL_MS);
  }
}
