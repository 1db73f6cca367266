/** Collects what is wrong in the files of a project, and what has no effect. */
import { UnikernelError } from "../../base/errors";
import { createRedactor } from "../../base/redact";

/** A place in a file. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface Report {
  readonly place: Place;
  readonly sentence: string;
}

/** More is not read by anybody. */
const MAX_REPORTED = 50;

/** Problems make the project invalid; warnings name what has no effect. */
export class Reports {
  readonly #problems: Report[] = [];
  readonly #warnings: Report[] = [];
  readonly #hidden = new Set<string>();

  /** Keeps the value of a variable, which may be secret, out of all sentences. */
  hide(value: string): void {
    this.#hidden.add(value);
  }

  /** Adds a problem; returns `undefined`, so that readers can end with it. */
  problem(place: Place, sentence: string): undefined {
    this.#problems.push({ place, sentence });
  }

  /** Adds a warning. */
  warn(place: Place, sentence: string): void {
    this.#warnings.push({ place, sentence });
  }

  /** True if there is a problem. */
  get isInvalid(): boolean {
    return this.#problems.length > 0;
  }

  /** `file:line:column: sentence`, each once, in the order of the lines. */
  get warnings(): readonly string[] {
    return this.#lines(this.#warnings);
  }

  /** Throws `COMPOSE_INVALID` with all problems, one per line, if there are any. */
  throwIfInvalid(): void {
    const problems = this.#lines(this.#problems);
    if (problems.length > 0) throw new UnikernelError("COMPOSE_INVALID", problems.join("\n"));
  }

  #lines(reports: readonly Report[]): readonly string[] {
    const redact = createRedactor([...this.#hidden]);
    const files = [...new Set(reports.map(({ place }) => place.file))];
    const position = ({ place: { file, line, column } }: Report): readonly number[] => [
      files.indexOf(file),
      line,
      column,
    ];
    const sorted = [...reports].sort((one, other) => {
      const [a, b] = [position(one), position(other)];
      return a.map((value, index) => value - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
    });
    const lines = sorted.map(
      ({ place: { file, line, column }, sentence }) => `${file}:${line}:${column}: ${redact(sentence)}`,
    );
    return [...new Set(lines)].slice(0, MAX_REPORTED);
  }
}
