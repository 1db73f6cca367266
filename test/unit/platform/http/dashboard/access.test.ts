import assert from "node:assert/strict";
import {
  CODE_LIFETIME_MS,
  DashboardAccess,
  SESSION_LIFETIME_MS,
} from "../../../../../provider/platform/http/dashboard/access";

describe("access to the dashboard", () => {
  it("is a code that works once and for a time, and a session that ends", () => {
    const access = new DashboardAccess();
    const code = access.createCode(0);
    const session = access.redeem(code, CODE_LIFETIME_MS - 1) ?? "";
    assert.equal(access.redeem(code, CODE_LIFETIME_MS - 1), undefined);
    assert.equal(access.redeem(access.createCode(0), CODE_LIFETIME_MS), undefined);
    assert.equal(access.isSession(session, CODE_LIFETIME_MS), true);
    assert.equal(access.isSession(session, CODE_LIFETIME_MS + SESSION_LIFETIME_MS), false);
    assert.deepEqual([access.isSession("", 0), access.isSession(code, 0)], [false, false]);
  });

  it("keeps a bounded number of codes, the newest", () => {
    const access = new DashboardAccess();
    const codes = Array.from({ length: 40 }, () => access.createCode(0));
    assert.equal(access.redeem(codes[0] ?? "", 1), undefined);
    assert.notEqual(access.redeem(codes.at(-1) ?? "", 1), undefined);
  });
});
