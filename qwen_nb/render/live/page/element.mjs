// The elements of the card.

// Lumino listens for keys outside: D D on a focused button would delete the cell.
export const KEYS = { "data-lm-suppress-shortcuts": "true" };

export function element(name, className, parent, attributes = {}) {
  const node = document.createElement(name);
  node.className = "qn-" + className;
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  parent?.append(node);
  return node;
}
