/**
 * All error codes of this package. `docs/reference/errors.md` is generated from the texts.
 *
 * Codes are stable, so programs may compare them; texts may change.
 */

/** Documentation of one code. Full sentences, which may contain Markdown code spans. */
export interface ErrorDescription {
  /** What the code means. */
  readonly summary: string;
  /** Usual causes. */
  readonly cause: string;
  /** How to fix it. */
  readonly fix: string;
}

/** Documentation of every code. */
export const ERRORS = {
  INPUT_INVALID: {
    summary: "A property of a resource breaks a rule.",
    cause: "A value has the wrong type, is out of range, or does not go together with another property.",
    fix: "Change the property that the message names. `pulumi preview` reports every such problem at once.",
  },
  CONFIG_INVALID: {
    summary: "A setting is missing or malformed, or does not match the resources in the stack.",
    cause:
      "The metro has no token, the value of a setting is malformed or out of range, or the metro of a provider that owns resources was changed.",
    fix: "Correct the setting that the message names; it also says which source the value came from.",
  },
  CONTEXT_INVALID: {
    summary: "The folder of an image cannot be packed.",
    cause:
      "`context` does not exist, a path leads out of it, a file cannot be read or changed during the build, or two entries claim one path.",
    fix: "Correct the path or the file. `context` is relative to the folder of the program.",
  },
  KRAFTFILE_INVALID: {
    summary: "The Kraftfile is missing, duplicated or invalid.",
    cause:
      "There is no Kraftfile in `context`, there are several, it is not a text file of at most 1 MiB inside of it, or one of its keys is misspelt or malformed.",
    fix: "Correct the line and column that the message names.",
  },
  COMPOSE_INVALID: {
    summary: "A Compose file is invalid, or has a key that would make another program of it.",
    cause:
      "The file is not YAML, a value is malformed, a variable is missing, or a key has no counterpart here and matters for what the program does. The message has one line for each.",
    fix: "Correct the line and column that the message names. `docs/how-to/compose.md` lists what is read.",
  },
  RUNTIME_UNAVAILABLE: {
    summary: "The Kraftfile's runtime cannot be fetched or built.",
    cause:
      "The registry cannot be reached, has no image of this name for x86_64, or `linux:latest` cannot be built because `apt` is missing or cannot download.",
    fix: "Check the network and the name of the runtime. For `linux:latest`, run `sudo apt-get update` on Debian or Ubuntu.",
  },
  BUILD_FAILED: {
    summary: "The image could not be built.",
    cause:
      "A step of the Dockerfile or `kraft build` failed, the image store or a downloaded layer is damaged, or another process keeps the image store locked.",
    fix: "Correct the step that the message quotes. Otherwise run `pulumi up` again; if it persists, delete the file or the cache folder that the message names.",
  },
  BUILDER_MISSING: {
    summary: "No tool on this machine can build the image.",
    cause:
      "The image has a Dockerfile, and neither BuildKit, `docker buildx`, `podman` nor `buildah` is usable; or its kernel must be compiled, and `kraft` is not installed. The message says what was looked for.",
    fix: "Install one of them: on Debian or Ubuntu, `sudo apt-get install buildah` needs no daemon.",
  },
  NO_SPACE: {
    summary: "The disk is full.",
    cause: "Images, volumes or the state of the local platform need more space than the disk has.",
    fix: "Free some space, or set `UNIKERNEL_STATE_DIR` to a folder on a larger disk.",
  },
  API_UNREACHABLE: {
    summary: "The metro or a registry did not respond, or failed to process the request.",
    cause:
      "The name of the metro or registry is wrong, the network or the proxy is down, or the server is overloaded (HTTP 429, 5xx).",
    fix: "Check the name, the network and the proxy, then run the command again.",
  },
  API_UNAUTHORIZED: {
    summary: "The metro rejected the token, or a registry rejected the credentials.",
    cause:
      "The token is wrong, has expired, or belongs to another metro; or the image is private and its registry has no valid credentials.",
    fix: "Set a valid token with `pulumi config set --secret unikernel:token …` or `UKC_TOKEN`. For a registry, log in with `docker login`.",
  },
  API_SHAPE: {
    summary: "The response does not have the form of this API.",
    cause: "Another service responds at this address (a login page, a proxy), or the API is newer than this package.",
    fix: "Check `unikernel:metro` and the proxy; otherwise update this package.",
  },
  API_REJECTED: {
    summary: "The metro rejected the request as malformed or not allowed.",
    cause: "The metro has narrower limits than this package checks, or its release does not know a property.",
    fix: "Change or remove the value that the metro names. `getQuotas` reports the ranges of the account.",
  },
  NOT_FOUND: {
    summary: "No object with this id or name exists.",
    cause: "It was deleted outside Pulumi, is misspelt, or belongs to another metro or account.",
    fix: "Check the name and the metro. Run `pulumi refresh` if it was deleted on purpose.",
  },
  ALREADY_EXISTS: {
    summary: "The name is taken, or an existing object cannot be adopted.",
    cause: "Another object has the fixed `name`, or `adopt: true` found an object whose immutable properties differ.",
    fix: "Set `adopt: true` to manage the object that has the name, choose another name, or leave `name` out.",
  },
  IN_USE: {
    summary: "The object is attached or used elsewhere.",
    cause:
      "A volume is attached to a running instance, a port or domain belongs to another service, or VMs are still running.",
    fix: "Stop, detach or delete what the message names, then run the command again.",
  },
  STATE_CONFLICT: {
    summary: "The object is in the wrong state for this operation.",
    cause: "It is starting, stopping or draining, or autoscale manages it.",
    fix: "Wait until it has settled, then run `pulumi up` again.",
  },
  QUOTA_EXCEEDED: {
    summary: "The account's quota is exceeded.",
    cause: "The plan as a whole needs more than the account has left, or a replacement needs both objects at once.",
    fix: "Request less, delete unused objects, request a larger quota, or set `deleteBeforeReplace: true`.",
  },
  NOT_SUPPORTED: {
    summary: "This metro cannot do this.",
    cause: "The metro, its release or your plan lacks the feature. The local platform lacks some features.",
    fix: "Leave the property out or use another metro. See [the local platform](../local-platform.md#differences-from-the-cloud).",
  },
  NOT_ALLOWED: {
    summary: "The object is locked against deletion, or the token lacks the permission.",
    cause: "`deleteLock` is true, or the token may not do this. The metro reports the same code for both.",
    fix: "Set `deleteLock: false` and run `pulumi up` first; otherwise use a token with the permission.",
  },
  CERTIFICATE_MISMATCH: {
    summary: "The certificate is for another domain, or the key does not match it.",
    cause: "`commonName` is not a name of the certificate, or `chain` and `key` belong to different certificates.",
    fix: "Use the certificate of this domain, with the key it was issued for.",
  },
  OPERATION_FAILED: {
    summary: "The metro could not complete the operation.",
    cause:
      "The metro reported an error of its own, which the message quotes. Locally, a tool such as `mkfs.ext4` may be missing.",
    fix: "Run `pulumi up` again. If it persists, contact the metro's operator with the request id.",
  },
  WAIT_TIMEOUT: {
    summary: "An operation did not finish in time.",
    cause: "An instance did not become ready or did not stop, a volume was not ready, or a service was not released.",
    fix: "Look at the console log of the instance. Allow more time with the option `customTimeouts`, or with `unikernel:timeouts`, if it is only slow.",
  },
  GUEST_STOPPED: {
    summary: "The guest exited or crashed but should be running.",
    cause: "The program exited, crashed or ran out of memory; the message says how, and where its console log is.",
    fix: "Correct the image's `cmd`, its files or `memoryMb`.",
  },
  IMAGE_MISMATCH: {
    summary: "The running image is not the requested one.",
    cause: "The metro resolved a tag differently, or someone changed the instance in the meantime.",
    fix: "Give images by digest, such as `image.ref`, and run `pulumi up` again.",
  },
  ROLLOUT_FAILED: {
    summary: "A rolling update was stopped; the old instances keep serving.",
    cause:
      "A new instance did not become ready in time, stopped, or failed the health check. The message has the cause.",
    fix: "Fix the cause and run `pulumi up` again; the rollout resumes.",
  },
  ROLLOUT_LOCKED: {
    summary: "Another rollout of the service is running.",
    cause:
      "Another stack or process rolls the same service out, or was killed while it did; the message says who, and since when.",
    fix: "Wait for it and run `pulumi up` again. `npx unikernel roll stop <service>` ends it after its current step, and removes the lock of a process that is gone.",
  },
  ROLLOUT_STOPPED: {
    summary: "A rollout ended before it was complete, because somebody asked for it.",
    cause: "Ctrl-C, `unikernel roll stop`, or another run of the same stack that took the rollout over.",
    fix: "Run `pulumi up` to finish it; or revert the program and run `pulumi up` to undo it.",
  },
  DAEMON_FAILED: {
    summary: "The local platform could not be started or stopped.",
    cause: "The daemon exited at once or did not respond in time; the message has the last lines of its log.",
    fix: "Read `daemon.log` in the state folder. See [troubleshooting](../local-platform.md#troubleshooting).",
  },
  QEMU_MISSING: {
    summary: "No usable QEMU was found on this machine.",
    cause: "`qemu-system-x86_64` is not on `PATH`, is too old, or `UNIKERNEL_QEMU` is not the path of a program.",
    fix: "Install QEMU 7.2 or newer, such as `apt-get install qemu-system-x86`, then run `npx unikernel local down`.",
  },
  VMM_FAILED: {
    summary: "QEMU could not start or control a VM.",
    cause: "QEMU exited at once, or the image's kernel is not built for QEMU.",
    fix: "Read `instances/<uuid>/qemu.log` in the state folder; use an image whose platform is `qemu`.",
  },
  CANCELLED: {
    summary: "The operation was cancelled.",
    cause: "Ctrl-C, or another signal that ends Pulumi.",
    fix: "Run `pulumi up` again; it continues from what is there.",
  },
  BUG: {
    summary: "A bug in this package.",
    cause: "The package reached a state that should be impossible.",
    fix: "Report it with the complete message.",
  },
} as const satisfies Readonly<Record<string, ErrorDescription>>;

/** One of the codes of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;
