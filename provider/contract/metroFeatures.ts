/**
 * Extensions of the API that a metro lists in `GET /v1/healthz`.
 * - `readiness-probe`: instances have `readiness_probe`; a service sends connections to a member only after it has passed
 * - `rotation`: instances have `rotation`; a service sends no connections to a member that is `out`
 * - `groups-without-ports`: a service group with `autokill` needs no port, so that it can be the lock of a rollout
 */
export type MetroFeature = "readiness-probe" | "rotation" | "groups-without-ports";

/** Those of this release's local platform. The vendor's cloud has none. */
export const LOCAL_FEATURES: ReadonlySet<MetroFeature> = new Set<MetroFeature>([
  "readiness-probe",
  "rotation",
  "groups-without-ports",
]);
