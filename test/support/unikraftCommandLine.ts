/**
 * How a Unikraft kernel reads its command line: words as in lib/ukargparse, parameters as in lib/uklibparam. Written from their
 * behaviour, for tests of the command line that this package builds.
 */

/** What the kernel takes from its command line. */
export interface KernelReading {
  /** Values by parameter, such as `env.vars`. */
  readonly parameters: ReadonlyMap<string, readonly string[]>;
  /** Arguments of the program: what follows `--`, or everything if there is none. */
  readonly args: readonly string[];
}

/** Splits into words: quotes anywhere in a word, a backslash escapes quotes and itself, an empty word vanishes. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word = "";
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    const next = line.charAt(at + 1);
    if (char === "\\" && quote !== "'" && (next === '"' || next === "\\" || quote === undefined)) {
      word += next;
      at++;
    } else if (char === quote) quote = undefined;
    else if (quote === undefined && (char === '"' || char === "'")) quote = char;
    else if (quote === undefined && /\s/.test(char)) {
      if (word !== "") words.push(word);
      word = "";
    } else word += char;
  }
  return word === "" ? words : [...words, word];
}

/** Reads a command line as a kernel with these parameters would. */
export function readCommandLine(line: string): KernelReading {
  const words = splitWords(line);
  const end = words.indexOf("--");
  if (end === -1) return { parameters: new Map(), args: words };
  const parameters = new Map<string, string[]>();
  let list: string | undefined;
  const add = (name: string, value: string): void =>
    void parameters.set(name, [...(parameters.get(name) ?? []), value]);
  for (const word of words.slice(0, end)) {
    if (list === undefined) {
      const [name, value] = [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)];
      if (value.startsWith("[")) list = name;
      else add(name, value);
    } else if (word.endsWith("]")) {
      // The last value of a list may end with the bracket that closes it.
      if (word !== "]") add(list, word.slice(0, -1));
      list = undefined;
    } else add(list, word);
  }
  return { parameters, args: words.slice(end + 1) };
}
