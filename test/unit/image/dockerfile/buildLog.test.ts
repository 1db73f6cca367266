import assert from "node:assert/strict";
import { createBuildLog } from "../../../../provider/image/dockerfile/buildLog";

/** The steps that a log starts, and the log. */
function read(format: "buildkit" | "buildah", text: string): { steps: readonly string[]; failure: unknown } {
  const log = createBuildLog(format);
  const steps = text.split("\n").flatMap((line) => log.push(line) ?? []);
  return { steps, failure: log.failure() };
}

// As printed by buildctl 0.33.1 and buildah 1.28.2.
const BUILDKIT = `#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 155B done
#1 DONE 0.0s
#5 [build 2/3] RUN make
#6 [stage-1 2/2] COPY --from=build /a /b
#5 0.100 compiling
#6 0.110 not of the failing step
#5 0.200 make: *** [all] Error 2
#5 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2
------
 > [build 2/3] RUN make:
0.100 compiling
------
Dockerfile:3
time="2026-11-29T01:49:19Z" level=warning msg="failed check for fsverity support"
error: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 2`;

const BUILDAH = `STEP 1/3: FROM scratch
STEP 2/3: COPY a /x
STEP 3/3: RUN make
compiling
Error: building at STEP "RUN make": while running runtime: exit status 2`;

describe("the output of a build", () => {
  it("of BuildKit names steps, and keeps the output of the one that failed", () => {
    const { steps, failure } = read("buildkit", BUILDKIT);
    assert.deepEqual(steps, ["stage build, step 2/3: RUN make", "stage-1, step 2/2: COPY --from=build /a /b"]);
    assert.deepEqual(failure, {
      step: "stage build, step 2/3: RUN make",
      lines: [
        "compiling",
        "make: *** [all] Error 2",
        'process "/bin/sh -c make" did not complete successfully: exit code: 2',
      ],
    });
  });

  it("of BuildKit keeps its own error if no step failed", () => {
    const { failure } = read(
      "buildkit",
      '#1 [internal] load\n#1 DONE 0.0s\ntime="t" level=info msg="x"\nerror: failed to solve: no stage x',
    );
    assert.deepEqual(failure, { step: undefined, lines: ["error: failed to solve: no stage x"] });
  });

  it("of buildah names steps, and the last one is the one that failed", () => {
    const { steps, failure } = read("buildah", BUILDAH);
    assert.deepEqual(steps, ["step 1/3: FROM scratch", "step 2/3: COPY a /x", "step 3/3: RUN make"]);
    assert.deepEqual(failure, {
      step: "step 3/3: RUN make",
      lines: ["compiling", 'Error: building at STEP "RUN make": while running runtime: exit status 2'],
    });
  });

  it("of buildah names stages, and an error before the first step", () => {
    assert.deepEqual(read("buildah", "[1/2] STEP 1/2: FROM scratch AS one").steps, [
      "stage 1/2, step 1/2: FROM scratch AS one",
    ]);
    assert.deepEqual(read("buildah", "Error: no such file").failure, {
      step: undefined,
      lines: ["Error: no such file"],
    });
  });

  it("keeps 20 lines and shortens long titles", () => {
    const log = createBuildLog("buildah");
    assert.equal(log.push(`STEP 1/1: RUN ${"x".repeat(500)}`)?.length, "step 1/1: ".length + 160);
    for (let i = 1; i <= 50; i += 1) log.push(`line ${i}`);
    const { lines } = log.failure();
    assert.deepEqual([lines.length, lines[0], lines.at(-1)], [20, "line 31", "line 50"]);
  });
});
