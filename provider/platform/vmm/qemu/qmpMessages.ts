/**
 * The messages of the QEMU Machine Protocol: one JSON object per line. Pure. Source: QEMU, docs/interop/qmp-spec.rst,
 * section "Protocol Specification".
 */
import * as z from "zod";

const qmpMessage = z.union([
  z.object({ QMP: z.looseObject({}) }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).optional() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.number().optional() }),
  z.object({ return: z.unknown(), id: z.number() }),
]);

/** A message of QEMU: the greeting, an event, or the failure or result of the command with this id. */
export type QmpMessage = z.infer<typeof qmpMessage>;

/** Longest accepted line. QEMU's longest lines, those that list its own schema, are far shorter. */
const MAX_LINE_CHARS = 16 * 1024 * 1024;

/** Parses one line; `undefined` if it is not a QMP message. */
export function parseQmpMessage(line: string): QmpMessage | undefined {
  try {
    return qmpMessage.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/**
 * Splits a stream into lines. Returns a function that takes the next piece of text, calls `onLine` for each line that it
 * completes, and returns false once an incomplete line exceeds the limit.
 */
export function createLineSplitter(
  onLine: (line: string) => void,
  maxChars = MAX_LINE_CHARS,
): (text: string) => boolean {
  let pieces: string[] = []; // of the incomplete line; joined once, since a long line arrives in many pieces
  let chars = 0;
  return (text) => {
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      const whole = pieces.join("") + line;
      pieces = [];
      chars = 0;
      onLine(whole);
    }
    pieces.push(rest);
    chars += rest.length;
    return chars <= maxChars;
  };
}
