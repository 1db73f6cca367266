/** Mocha's spec reporter, which also writes the counts and the failures as JSON for runFiles.mjs. */
"use strict";
const fs = require("node:fs");
const Mocha = require("mocha");

/** Lines of an error that are repeated under the total: enough for the reason, or for a counterexample. */
const ERROR_LINES = 12;

module.exports = class extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env["UNIKERNEL_TEST_COUNTS"];
    if (!file) return;
    const failed = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error) => {
      const text = String(error?.message ?? error)
        .split("\n")
        .slice(0, ERROR_LINES);
      failed.push([test.titlePath().join(" › "), ...text].join("\n    "));
    });
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      // Renamed into place: runFiles.mjs polls for the file and must not read it half written.
      fs.writeFileSync(
        `${file}.part`,
        JSON.stringify({ passed: passes, failed: failures, skipped: pending, failures: failed }),
      );
      fs.renameSync(`${file}.part`, file);
    });
  }
};
