/** The one account of a local platform, as everything that names an account has it. */
export const ACCOUNT = {
  /** Made up, and the same on every machine: it only has to be told from objects. */
  uuid: "00000000-0000-4000-8000-000000000001",
  name: "local",
} as const;
