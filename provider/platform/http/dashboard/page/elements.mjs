/** Makes and updates elements. Text is always set as text, never as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {Element} element
 * @param {Readonly<Record<string, string | number>>} attributes
 * @param {readonly (Node | string)[]} children
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string | number>>} [attributes]
 * @param {...(Node | string)} children
 */
export const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string | number>>} [attributes]
 * @param {...(Node | string)} children
 */
export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

/** The element of the page with this id. @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element '${id}'.`);
  return found;
}

/** Terms and values of a list of definitions. @param {readonly (readonly [string, string])[]} pairs */
export const definitions = (pairs) =>
  pairs.map(([term, value]) => html("div", {}, html("dt", {}, term), html("dd", {}, value)));

/**
 * Replaces the content of an element if it differs, so that nothing moves or loses the focus without need.
 *
 * @param {Element} element
 * @param {readonly Node[]} children
 */
export function setContent(element, children) {
  const next = html("div", {}, ...children);
  if (next.innerHTML !== element.innerHTML) element.replaceChildren(...next.childNodes);
}
