/** Switches of a command. */
import { parseArgs } from "node:util";
import { UnikernelError } from "../base/errors";

/** Which of the known switches (names without `--`) were given. Throws `INPUT_INVALID` for anything else. */
export function parseSwitches<K extends string>(
  args: readonly string[],
  known: readonly K[],
): Readonly<Record<K, boolean>> {
  const options = Object.fromEntries(known.map((name) => [name, { type: "boolean" as const, default: false }]));
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return Object.fromEntries(known.map((name) => [name, values[name] === true])) as Record<K, boolean>; // one entry per known name
  } catch (error) {
    throw new UnikernelError(
      "INPUT_INVALID",
      error instanceof Error ? `${error.message.split(". ")[0] ?? ""}.` : String(error),
      {
        hint: "See 'unikernel --help'.",
      },
    );
  }
}
