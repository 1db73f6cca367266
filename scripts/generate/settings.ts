/** The provider's settings in the package schema, which are the same for a stack and for a Provider. */

/** Settings by name. An unset one comes from the next source in `provider/base/config/sources.ts`. */
export const SETTINGS_SCHEMA: Readonly<Record<string, unknown>> = {
  metro: {
    type: "string",
    description:
      "`local`, a metro code such as `fra`, or the URL of an API. Addresses of codes other than `fra`, `dal`, `sin`, `was` and `sfo` are looked up at the control plane. Default: `UKC_METRO`, else `fra`.",
  },
  token: { type: "string", description: "API token. Not needed for `local`. Default: `UKC_TOKEN`.", secret: true },
  controlPlane: {
    type: "string",
    description:
      "URL of the control plane, which lists metros and their addresses. Default: `UNIKERNEL_CONTROL_PLANE`; else the vendor's control plane for the vendor's metros, or the metro's URL if `metro` is a URL.",
  },
  timeouts: {
    type: "object",
    additionalProperties: { type: "integer" },
    description:
      "Time limits of operations on one resource: `createMs`, `updateMs` and `deleteMs`, in milliseconds, 1,000 to 86,400,000 each. Drain timeouts are added to them. Default: `UNIKERNEL_TIMEOUTS` (JSON), else 300,000 each.",
  },
  maxConcurrency: {
    type: "integer",
    description:
      "Maximum number of concurrent requests, 1 to 256; requests that wait for an instance do not count. Default: `UNIKERNEL_MAX_CONCURRENCY`, else 16.",
  },
  proxy: {
    type: "string",
    description:
      "URL of an HTTP proxy for requests to the metro and the control plane; it may contain a user name and a password. Default: `UNIKERNEL_PROXY`, else `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.",
    secret: true,
  },
  rolloutEventsFile: {
    type: "string",
    description:
      "File to which each event of a rolling update is appended as a line of JSON, as the reference lists them; a relative path is relative to the program's folder. A file that cannot be written is a warning. Default: `UNIKERNEL_ROLLOUT_EVENTS_FILE`, else none.",
  },
};
