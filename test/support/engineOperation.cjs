/**
 * Starts engineOperation.ts. The Automation API is loaded before tsx, which would read each of its files again: that
 * takes twice as long as all the rest of a start.
 */
"use strict";
require("@pulumi/pulumi/automation");
require("tsx/cjs");
require("./engineOperation.ts");
