/** The `timeouts` of an explicit Provider, which the engine stores as text. */

/** Name in state, where values are in seconds → name of the setting, in milliseconds. */
const STORED: Readonly<Record<string, string>> = { create: "createMs", update: "updateMs", delete: "deleteMs" };

/**
 * Converts the stored text, in seconds such as `{"create":600}`, to the text of the setting, in milliseconds. Provider inputs stay
 * in seconds because the engine would show a different text as a change of the Provider, and because a refresh or destroy without the
 * program configures a Provider from its state. `sdk/provider.ts` writes the stored form. Any other text is returned unchanged.
 */
export function fromStoredTimeouts(text: string | undefined): string | undefined {
  const stored = parseObject(text);
  if (stored === undefined) return text;
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(stored).map(([key, value]) => {
        const name = STORED[key];
        return name === undefined || typeof value !== "number" ? [key, value] : [name, Math.round(value * 1000)];
      }),
    ),
  );
}

function parseObject(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined; // the settings parser reports the error
  }
}
