import assert from "node:assert/strict";
import { loginUnit, loginUnitName } from "../../../../../provider/cli/local/machine/loginUnit";

describe("the unit that starts the local platform at login", () => {
  it("keeps the variables that decide about the platform, and no other", () => {
    const text = loginUnit(["node", "main.js"], {
      UNIKERNEL_STATE_DIR: "/state",
      PATH: "/usr/bin",
      HOME: "/home/me",
      XDG_RUNTIME_DIR: "/run/user/1000",
    });
    assert.deepEqual(
      text.split("\n").filter((line) => line.startsWith("Environment=")),
      ['Environment="UNIKERNEL_STATE_DIR=/state"', 'Environment="PATH=/usr/bin"'],
    );
  });

  it("passes each argument and value as it is", () => {
    const text = loginUnit(["/opt/my node", 'a"b\\c', "50%", "$HOME", "two\nlines"], { PATH: "/p%h/$x" });
    assert.match(text, /^ExecStart="\/opt\/my node" "a\\"b\\\\c" "50%%" "\$\$HOME" "two\\nlines"$/m);
    // In a variable, '$' is an ordinary character.
    assert.match(text, /^Environment="PATH=\/p%%h\/\$x"$/m);
  });

  it("has a name of its own for each state folder", () => {
    assert.equal(loginUnitName(undefined), "unikernel-local.service");
    assert.match(loginUnitName("/a"), /^unikernel-local-[0-9a-f]{8}\.service$/);
    assert.notEqual(loginUnitName("/a"), loginUnitName("/b"));
  });
});
