/** Mocha's spec reporter, which also writes the counts as JSON for runLane.mjs. */
"use strict";
const fs = require("node:fs");
const Mocha = require("mocha");

module.exports = class extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env["UNIKERNEL_TEST_COUNTS"];
    if (!file) return;
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      // Renamed into place: runLane.mjs polls for the file and must not read it half written.
      fs.writeFileSync(`${file}.part`, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
      fs.renameSync(`${file}.part`, file);
    });
  }
};
