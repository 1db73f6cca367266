/** The only account of a local platform. */
export const ACCOUNT = {
  /** A constant: it must only differ from the uuids of objects. */
  uuid: "00000000-0000-4000-8000-000000000001",
  name: "local",
} as const;
