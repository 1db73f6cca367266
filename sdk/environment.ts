/** The one variable that a program reads itself. Everything else is read by the provider: `provider/base/config/environment.ts`. */

/** The metro from the environment; `undefined` or empty when it is not set. */
export const environmentMetro = (): string | undefined => process.env.UKC_METRO;
