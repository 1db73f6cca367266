/** The `timeouts` of an explicit Provider, whose inputs the engine keeps as text. */

const STORED: Readonly<Record<string, string>> = { create: "createMs", update: "updateMs", delete: "deleteMs" };

/**
 * The setting in a Provider's inputs → the setting as it is parsed, in milliseconds. The inputs hold seconds, `{"create":600}`, as
 * they did before times were in milliseconds: the engine would show another text as a change of the Provider, and a refresh or
 * destroy without the program configures a Provider with what is in its state. The SDK writes that form (`sdk/provider.ts`).
 * What is not in that form is returned as it is.
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
    return undefined; // what is wrong with it is said where it is parsed
  }
}
