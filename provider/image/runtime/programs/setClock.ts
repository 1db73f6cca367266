/** `/unikernel/set-clock` of the stand-in guest: a static program of 203 bytes that sets the wall clock to a nanosecond. */
import { toStaticProgram } from "./staticProgram";

/** The machine code of `setClock.s` for x86-64, the only architecture of `linux:latest`. */
export const SET_CLOCK_CODE: Uint8Array = Buffer.from(
  [
    "488b742410bf160000004885f6743d31c00fb61648ffc683ea3083fa09770948",
    "6bc00a4801d0ebe94885c0741f31d2b900ca9a3b48f7f15250bf000000004889",
    "e6b8e30000000f05f7d889c7b83c0000000f05",
  ].join(""),
  "hex",
);

/** The program. */
export const setClockProgram = (): Uint8Array => toStaticProgram(SET_CLOCK_CODE);
