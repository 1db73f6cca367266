/** The variables that a program reads itself. Everything else is read by the provider: `provider/base/config/environment.ts`. */

/** The metro from the environment; `undefined` or empty when it is not set. */
export const environmentMetro = (): string | undefined => process.env.UKC_METRO;

/** A variable that a Compose file names; `undefined` when it is not set. */
export const composeVariable = (name: string): string | undefined => process.env[name];
