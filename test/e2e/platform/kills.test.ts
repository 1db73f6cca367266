/** The short form of `npm run soak -- --platform 100`. */
import assert from "node:assert/strict";
import { runPlatformKills } from "../../soak/platformKills";
import { LocalPlatform } from "../../support/localPlatform";

const KILLS = 6;
const SEED = 3;

describe("kills of the daemon and of VMs", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  before(async () => {
    platform = await LocalPlatform.open();
  });
  after(() => platform.close());

  it("lose nothing, run nothing twice and leave nothing behind", async () => {
    const print = (line: string): void => console.log(`      ${line}`);
    const outcomes = await runPlatformKills(platform, { kills: KILLS, seed: SEED, print });
    assert.deepEqual(
      outcomes.flatMap(({ harm }) => harm),
      [],
    );
  });
});
