/** Reads the plain output of a builder: which step runs, and what to show when one fails. Pure. */

/** Lines kept of the output. */
const MAX_LINES = 20;
/** Longest title of a step. */
const MAX_TITLE_LENGTH = 160;

/** What failed. */
export interface BuildFailure {
  /** Such as `step 2/3: RUN make`; `undefined` if the build failed before or after its steps. */
  readonly step: string | undefined;
  /** The last lines of that step's output and the builder's own error, at most 20. */
  readonly lines: readonly string[];
}

/** Follows the output of one build. */
export interface BuildLog {
  /** Takes a line; returns the step that it starts, such as `step 2/3: RUN make`. */
  readonly push: (line: string) => string | undefined;
  /** What failed, once the builder has ended with an error. */
  readonly failure: () => BuildFailure;
}

/** One line of the output. `vertex` tells apart steps that run at the same time. */
interface ParsedLine {
  readonly vertex?: string;
  readonly step?: string;
  readonly text?: string;
  readonly isError?: boolean;
}

/** Follows the output of BuildKit and docker buildx (`--progress plain`), or of podman and buildah. */
export function createBuildLog(format: "buildkit" | "buildah"): BuildLog {
  const parse = format === "buildkit" ? parseBuildKitLine : parseBuildahLine;
  const steps = new Map<string, string>();
  const outputs = new Map<string, string[]>();
  const ends: string[] = []; // lines of no step, such as the error that ends the build
  let failed: string | undefined;
  let current = "";
  return {
    push: (line) => {
      const { vertex = current, step, text, isError = false } = parse(line);
      current = format === "buildah" ? (step ?? current) : "";
      const key = step !== undefined && format === "buildah" ? step : vertex;
      if (step !== undefined) steps.set(key, step);
      if (isError) failed = key;
      if (text !== undefined && isWorthShowing(text)) keepLast(key === "" ? ends : entry(outputs, key), text);
      return step;
    },
    failure: () => {
      const key = failed ?? (format === "buildah" ? current : "");
      const output = outputs.get(key) ?? [];
      // The builder repeats the error of the step, in longer or shorter words.
      const errors = ends.filter((line) => /^error/i.test(line) && !output.some((text) => line.endsWith(text)));
      return { step: steps.get(key), lines: (key === "" ? ends : [...output, ...errors]).slice(-MAX_LINES) };
    },
  };
}

/**
 * `#7 [build 2/3] RUN make` starts a step, `#7 0.123 text` is its output, `#7 ERROR: text` ends it. Steps of the builder itself,
 * such as `#1 [internal] load build definition`, are not reported. Source: moby/buildkit, `util/progress/progressui`.
 */
function parseBuildKitLine(line: string): ParsedLine {
  const [, vertex, rest] = /^#(\d+) (.*)$/.exec(line) ?? [];
  if (vertex === undefined || rest === undefined) return { vertex: "", text: line };
  const [, label = "", title = ""] = /^\[([^\]]*)\] (.*)$/.exec(rest) ?? [];
  const [, stage, position] = /^(?:(\S+) )?\s*(\d+\/\d+)$/.exec(label.trim()) ?? [];
  if (position !== undefined) return { vertex, step: toStep(stage, position, title) };
  if (rest.startsWith("ERROR: ")) return { vertex, text: rest.slice("ERROR: ".length), isError: true };
  const [, output] = /^\d+\.\d+ (.*)$/.exec(rest) ?? [];
  return output === undefined ? { vertex } : { vertex, text: output };
}

/** `STEP 2/3: RUN make` or, in a build of several stages, `[1/2] STEP 2/3: RUN make` starts a step; the rest is output. */
function parseBuildahLine(line: string): ParsedLine {
  const [, stage, position, title] = /^(?:\[(\d+\/\d+)\] )?STEP (\d+\/\d+): (.*)$/.exec(line) ?? [];
  if (position === undefined || title === undefined) return { text: line };
  return { step: toStep(stage, position, title) };
}

function toStep(stage: string | undefined, position: string, title: string): string {
  const name =
    stage === undefined || stage === "stage-0" ? "" : stage.startsWith("stage-") ? `${stage}, ` : `stage ${stage}, `;
  const text = title.length > MAX_TITLE_LENGTH ? `${title.slice(0, MAX_TITLE_LENGTH - 1)}…` : title;
  return `${name}step ${position}: ${text}`;
}

/** Not the log of the tool itself, such as `time="…" level=warning msg="…"`. */
const isWorthShowing = (text: string): boolean =>
  text.trim() !== "" && !/^time="[^"]*" level=(debug|info|warning) /.test(text);

function keepLast(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > MAX_LINES) lines.shift();
}

function entry(map: Map<string, string[]>, key: string): string[] {
  const found = map.get(key) ?? [];
  map.set(key, found);
  return found;
}
