/** Unit tests reach no network: whoever asks for a host other than this machine's loopback gets an error from nock. */
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
