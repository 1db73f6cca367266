/** Unit tests reach no network: a request to any host except the loopback address fails with an error of nock. */
import nock from "nock";

/** Allows requests to this machine, and to no other. */
export function allowLoopback(): void {
  nock.disableNetConnect();
  nock.enableNetConnect(/^(127\.0\.0\.1|localhost|\[?::1\]?)(:\d+)?$/);
}

export const mochaHooks = {
  beforeAll: allowLoopback,
  afterAll(): void {
    nock.cleanAll();
    nock.enableNetConnect();
  },
};
