/** What YAML makes of a value without quotes that is to be a text. Pure. */

const INTEGER = /^[-+]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*)$/;
const DECIMAL = /^[-+]?(?:\.\d+|\d[\d_]*(?:\.[\d_]*)?)(?:[eE][-+]?\d+)?$/;
const SPECIAL = /^(?:[-+]?\.inf|\.nan|true|false)$/i;
const DATE = /^\d{4}-\d\d?-\d\d?(?:[Tt\s].*)?$/;

/** Numbers that Compose writes as they are. */
const SAME_INTEGER = /^-?(?:0|[1-9]\d{0,18})$/;
const SAME_DECIMAL = /^-?(?:0|[1-9]\d{0,5})\.(?!0{4})\d{0,8}[1-9]$/;

/**
 * True if Compose gives a program another text than the file has: `0755` becomes 493, `1.10` becomes 1.1, `True` becomes true, and
 * `2024-01-01` a time. Compose decodes a value without quotes as YAML, and writes the number, date or truth value anew.
 *
 * Source: go.yaml.in/yaml/v4 `resolve.go`, and what compose-go v2.16.2 makes of such values.
 */
export function isRewritten(plain: string): boolean {
  if (SAME_INTEGER.test(plain) || SAME_DECIMAL.test(plain) || plain === "true" || plain === "false") return false;
  return [INTEGER, DECIMAL, SPECIAL, DATE].some((pattern) => pattern.test(plain));
}
