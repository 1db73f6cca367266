/** Which names mean a Dockerfile. Pure. */

/**
 * True if a path names a Dockerfile for certain: a part between dots of its last name is `Dockerfile`, as in `app.Dockerfile`.
 * Source: unikraft CLI.
 */
export const isDockerfileName = (path: string): boolean => baseName(path).split(".").includes("Dockerfile");

/**
 * True if a path, unless it is a folder or an archive, is meant as a Dockerfile: `Dockerfile1`, `app.dockerfile`, `Containerfile`.
 * Source: KraftKit `initrd` (any name with `dockerfile`, whatever the case).
 */
export const mayBeDockerfile = (path: string): boolean => /dockerfile|containerfile/i.test(baseName(path));

/** The last name of a path, which may end with slashes. */
const baseName = (path: string): string => path.split("/").findLast((part) => part !== "") ?? "";
