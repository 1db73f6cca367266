/** `/unikernel/reseed` of the stand-in guest: a static program of 297 bytes that gives its kernel entropy, which is used at once. */
import { toStaticProgram } from "./staticProgram";

/** The machine code of `reseed.s` for x86-64, the only architecture of `linux:latest`. */
export const RESEED_CODE: Uint8Array = Buffer.from(
  [
    "488b742410bf160000004885f60f848a0000004883ec28c7042400010000c744",
    "240420000000488d542408b9400000000fb60648ffc683e83083f809760b83e8",
    "3183f805775783c00ac022040802ffc9f6c10175db48ffc285c975d4803e0075",
    "3c488d3d3c000000be00000000b8020000000f0585c0782189c7be0352084048",
    "89e2b8100000000f0585c0780cbe07520000b8100000000f05f7d889c7b83c00",
    "00000f052f6465762f7572616e646f6d00",
  ].join(""),
  "hex",
);

/** The program. */
export const reseedProgram = (): Uint8Array => toStaticProgram(RESEED_CODE);
