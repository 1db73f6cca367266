/** `/unikernel/notify` of the stand-in guest: a static program of 235 bytes that warns the guest's program before standby. */
import { toStaticProgram } from "./staticProgram";

/** The machine code of `notify.s` for x86-64, the only architecture of `linux:latest`. */
export const NOTIFY_CODE: Uint8Array = Buffer.from(
  [
    "bf28000000be0100000031d2b8290000000f0585c0783689c389df488d353600",
    "0000ba10000000b82a0000000f0585c0781b89df488d352d000000ba0b000000",
    "b8010000000f0585c0780231c0f7d889c7b83c0000000f05280000008a000000",
    "01000000000000007363616c65746f7a65726f",
  ].join(""),
  "hex",
);

/** The program. */
export const notifyProgram = (): Uint8Array => toStaticProgram(NOTIFY_CODE);
