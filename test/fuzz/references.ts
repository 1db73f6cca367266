/** Fuzzes references, destinations and challenges of registries: text from programs, Kraftfiles and servers. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../provider/base/errors";
import { parseDestination } from "../../provider/image/oci/exchange/destination";
import { canonicalRepository, formatReference, parseReference } from "../../provider/image/oci/reference";
import { parseChallenges } from "../../provider/image/registry/auth/challenge";
import { findCredentials, parseDockerConfig } from "../../provider/image/registry/auth/dockerConfig";
import { apiUrl, isAllowedUrl, resolveEndpoint } from "../../provider/image/registry/endpoint";
import type { RandomSource } from "../support/seededRandom";

const VALID = [
  "nginx",
  "acme/shop:v1",
  "localhost:5000/app",
  "[::1]:5000/a/b:c",
  "index.unikraft.io/official/base:latest",
  `host:5000/org/name@sha256:${"0123456789abcdef".repeat(4)}`,
  `oci://unikraft.io/acme/shop:v1@sha256:${"f".repeat(64)}`,
  "docker.io/library/nginx",
  "oci-layout:///tmp/x:v1",
  "oci-archive://x.tar",
  'Bearer realm="https://a.example/token",service="s",scope="repository:a/b:pull,push"',
  'Basic realm="x", Bearer realm="y"',
  '{"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"}},"credHelpers":{"gcr.io":"gcloud"},"credsStore":"x"}',
] as const;
const TOKENS = [
  ..."/:@.-_[]{}\"'\\,= \t%?#&",
  ..."a|A|0|..|//|::|@@|sha256:|oci://|http://|https://|localhost|127.0.0.1|[::1]|\0|é|\uD800|../|%2e%2e|:99999|a.b|xn--|null|\r\n".split(
    "|",
  ),
];

const pick = <T>(random: RandomSource, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

function mutate(random: RandomSource, text: string): string {
  let result = text;
  for (let edits = Math.floor(random() * 6); edits > 0; edits--) {
    const at = Math.floor(random() * (result.length + 1));
    const end = random() < 0.5 ? at : at + Math.floor(random() * 6);
    const inserted = random() < 0.7 ? pick(random, TOKENS) : result.slice(0, Math.floor(random() * 300));
    result = result.slice(0, at) + inserted + result.slice(end);
  }
  return result;
}

/** The result, or `undefined` for an error with one of the codes; any other error fails the case. */
function allow<T>(codes: readonly UnikernelError["code"][], act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    assert.ok(UnikernelError.has(error, ...codes), String(error));
    return undefined;
  }
}

/** A parsed reference survives formatting, and its registry is a host that a request may go to. */
export const referencesTarget = {
  name: "references",
  run(random: RandomSource): void {
    const text = mutate(random, pick(random, VALID));
    const reference = allow(["INPUT_INVALID"], () => parseReference(text));
    if (reference !== undefined) {
      assert.deepEqual(parseReference(formatReference(reference)), reference);
      assert.ok(!/[^a-z0-9._/-]|\.\.\/|\/\.\./.test(reference.repository), reference.repository);
      const canonical = canonicalRepository(reference);
      assert.equal(canonicalRepository(parseReference(canonical)), canonical);
      const { registry, repository } = resolveEndpoint(reference);
      const base = URL.parse(apiUrl(registry));
      if (base !== null) {
        assert.ok(isAllowedUrl(base));
        const url = new URL(`${repository}/manifests/latest`, base);
        assert.equal(url.host, base.host);
        assert.equal(url.pathname, `/v2/${repository}/manifests/latest`);
      }
    }
    const destination = allow(["INPUT_INVALID"], () => parseDestination(text, () => "nothing"));
    if (destination?.type === "layout") assert.ok(destination.folder !== "" && !destination.folder.includes("\0"));
    for (const { scheme, parameters } of parseChallenges(text)) {
      assert.match(scheme, /^[^\s",]+$/);
      for (const name of parameters.keys()) assert.match(name, /^[^\s",=]+$/);
    }
    const config = allow(["CONFIG_INVALID"], () => parseDockerConfig(text, "config.json"));
    if (config !== undefined) findCredentials(config, { registry: "gcr.io", repository: "a/b" });
  },
};
