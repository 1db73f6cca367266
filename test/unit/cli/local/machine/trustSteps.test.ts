import assert from "node:assert/strict";
import { planTrust, type TrustMachine } from "../../../../../provider/cli/local/machine/trustSteps";

const AUTHORITY = { file: "/state/ca.pem", commonName: "Unikernel local CA box 1a2b3c4d" };
const machine = (platform: string, tools: readonly string[], isRoot = false): TrustMachine => ({
  platform,
  isRoot,
  home: "/home/me",
  hasTool: (tool) => tools.includes(tool),
});
const commandsOf = (where: TrustMachine, remove = false): readonly (readonly [boolean, string])[] =>
  planTrust(where, AUTHORITY, remove).map(({ commands, isAllowed }) => [
    isAllowed,
    commands.map((command) => command.join(" ")).join("; "),
  ]);

describe("the steps of local trust", () => {
  const debianFile = "/usr/local/share/ca-certificates/unikernel-local-ca-box-1a2b3c4d.crt";

  it("use Debian's store, which only root may change", () => {
    const add = `install -m 0644 /state/ca.pem ${debianFile}; update-ca-certificates`;
    assert.deepEqual(commandsOf(machine("linux", ["update-ca-certificates"])), [[false, add]]);
    assert.deepEqual(commandsOf(machine("linux", ["update-ca-certificates"], true)), [[true, add]]);
    assert.deepEqual(commandsOf(machine("linux", ["update-ca-certificates"], true), true), [
      [true, `rm -f ${debianFile}; update-ca-certificates --fresh`],
    ]);
  });

  it("use the store of Chromium where certutil is installed", () => {
    const database = "-d sql:/home/me/.pki/nssdb";
    const name = AUTHORITY.commonName;
    assert.deepEqual(commandsOf(machine("linux", ["certutil"])), [
      [true, `mkdir -p /home/me/.pki/nssdb; certutil -A ${database} -t C,, -n ${name} -i /state/ca.pem`],
    ]);
    assert.deepEqual(commandsOf(machine("linux", ["certutil"]), true), [[true, `certutil -D ${database} -n ${name}`]]);
  });

  it("use the stores of Fedora and macOS, and none elsewhere", () => {
    assert.match(commandsOf(machine("linux", ["update-ca-trust"], true))[0]?.[1] ?? "", /update-ca-trust extract$/);
    assert.match(commandsOf(machine("darwin", []))[0]?.[1] ?? "", /^security add-trusted-cert -r trustRoot/);
    assert.match(commandsOf(machine("darwin", []), true)[0]?.[1] ?? "", /^security remove-trusted-cert/);
    assert.deepEqual(commandsOf(machine("linux", [])), []);
  });
});
