/**
 * The registry configuration of podman and buildah for one build: the user's, with what docker's tools do by default. Names without
 * a host are those of docker.io, and a registry on the loopback address is reached by plain HTTP. Pure.
 *
 * Source: containers-registries.conf(5).
 */

/** A reference to a registry on the loopback address, such as `localhost:5000/base`. */
const LOOPBACK = /(?<![\w.-])(?:localhost|127(?:\.\d{1,3}){3})(?::\d{1,5})?(?=\/)/g;

/** The registries on the loopback address that a Dockerfile and its arguments mention. */
export const loopbackRegistries = (texts: readonly string[]): readonly string[] => [
  ...new Set(texts.flatMap((text) => text.match(LOOPBACK) ?? [])),
];

/**
 * Adds defaults to a `registries.conf`. A file in the format of version 1 stays as it is, since the two formats do not mix.
 *
 * @param user content of the user's file; empty if there is none
 */
export function completeRegistries(user: string, loopback: readonly string[]): string {
  if (/^\s*\[registries\./m.test(user)) return user;
  const search = /^\s*unqualified-search-registries\s*=/m.test(user)
    ? ""
    : 'unqualified-search-registries = ["docker.io"]\n';
  const missing = loopback.filter((host) => !user.includes(`"${host}"`) && !user.includes(`'${host}'`));
  const tables = missing.map((host) => `\n[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  return `${search}${user}${user === "" || user.endsWith("\n") ? "" : "\n"}${tables.join("")}`;
}
