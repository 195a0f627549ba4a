/** Elements of a page: finding them, and making new ones. */

/** Return the element of the page that has an id. */
export const byId = (id) => document.getElementById(id);

/** Return a new element with attributes, text and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
