/** Unit tests reach no network: a request to any host except the loopback address fails with an error of nock. */
import nock from "nock";

export const mochaHooks = {
  beforeAll(): void {
    nock.disableNetConnect();
    nock.enableNetConnect(/^(127\.0\.0\.1|localhost|\[?::1\]?)(:\d+)?$/);
  },
  afterAll(): void {
    nock.cleanAll();
    nock.enableNetConnect();
  },
};
