/** `unikernel local up --at-login`, judged by systemd. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { commandArguments } from "../../support/commandLine";

describe("a local platform that starts at login", function () {
  this.timeout(60_000);
  let home: string;
  let units: string;
  beforeEach(() => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), "unikernel-login-"));
    units = path.join(home, ".config/systemd/user");
  });
  afterEach(() => {
    run("local", "down", "--all");
    fs.rmSync(home, { recursive: true, force: true });
  });

  const run = (...args: string[]) =>
    childProcess.spawnSync(process.execPath, commandArguments(...args), {
      encoding: "utf8",
      env: { ...process.env, HOME: home, UNIKERNEL_STATE_DIR: path.join(home, 'state of 100% "$me"') },
    });

  it("has a unit that systemd accepts and would start, until it is told not to", () => {
    const up = run("local", "up", "--at-login", "--quota", "instances=7");
    assert.equal(up.status, 0, up.stderr);
    assert.match(up.stdout, /started with '--stay --quota instances=7'/);
    const [name = ""] = fs.readdirSync(units).filter((one) => one.endsWith(".service"));
    const unit = path.join(units, name);
    assert.match(up.stdout, /It starts at your next login/);
    assert.equal(fs.realpathSync(path.join(units, "default.target.wants", name)), fs.realpathSync(unit));
    const verified = childProcess.spawnSync("systemd-analyze", ["verify", "--user", "--man=no", unit], {
      encoding: "utf8",
      env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, SYSTEMD_LOG_LEVEL: "warning" },
    });
    assert.ifError(verified.error);
    assert.doesNotMatch(verified.stderr, new RegExp(name.replaceAll(".", "\\.")), verified.stderr);
    assert.equal(run("local", "up", "--at-login", "--quota", "instances=7").status, 0, "again");
    assert.match(run("local", "down", "--at-login").stdout, /is stopped\. It no longer starts at your login\.\n$/);
    assert.deepEqual(fs.readdirSync(path.join(units, "default.target.wants")), []);
    assert.match(run("local", "down", "--at-login").stdout, /is not running\. It did not start at your login\.\n$/);
  });

  it("begins and ends while a daemon serves instances, which keep it from being stopped", () => {
    assert.equal(run("local", "up").status, 0);
    const up = run("local", "up", "--at-login");
    assert.equal(up.status, 0, up.stderr);
    assert.match(up.stdout, /\nIt runs without '--stay' until it is started again\.\nIt starts at your next login/);
    assert.equal(fs.readdirSync(path.join(units, "default.target.wants")).length, 1);
    const stay = run("local", "up", "--stay");
    assert.match(stay.stderr, /IN_USE: The local platform is already running/);
  });

  it("is rejected without systemd, before anything is started", () => {
    const outcome = childProcess.spawnSync(process.execPath, commandArguments("local", "up", "--at-login"), {
      encoding: "utf8",
      env: { HOME: home, PATH: home, UNIKERNEL_STATE_DIR: path.join(home, "state") },
    });
    assert.equal(outcome.status, 1);
    assert.match(outcome.stderr, /NOT_SUPPORTED: There is no systemd on this machine/);
    assert.deepEqual(fs.readdirSync(home), []);
  });
});
