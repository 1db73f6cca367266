/** The part of the provider that the mocks run in the test's own process. */

/** Settings of a metro by name. */
export interface MetroSettings {
  readonly metro?: string | undefined;
  readonly token?: string | undefined;
}

/** The platform in memory; see `provider/mocks/mockPlatform.ts`. */
export interface PlatformInMemory {
  register(registration: {
    readonly kind: string;
    readonly inputs: { readonly [name: string]: unknown };
    readonly settings: MetroSettings;
    readonly lookupId?: string | undefined;
  }): Promise<{ readonly id: string | undefined; readonly state: { readonly [name: string]: unknown } }>;
}

interface Provider {
  readonly MockPlatform: new (options: { readonly isPreview: boolean }) => PlatformInMemory;
}

/** Loads it. */
// Not a dynamic import(), which needs a newer compiler than programs may have.
export const loadProvider = (): Provider => require("../../provider/mocks/mockPlatform") as Provider;

/** Creates a platform. */
export const createPlatform = (isPreview: boolean): PlatformInMemory =>
  new (loadProvider().MockPlatform)({ isPreview });
