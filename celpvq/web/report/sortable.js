/** Tables whose columns sort by a button in their heads. */

import { element } from "../elements.js";

/**
 * Return a table that scrolls, below its title, from {caption, head, rows}. Heads have {title,
 * better}, cells {text, value, strong}, or they are elements. A column sorts by values, the best
 * first, or without values by text.
 */
export function sortableTable({ caption, head, rows }) {
  const lines = rows.map((cells) => ({ cells, row: bodyRow(cells) }));
  const heads = head.map(({ title }) => headCell(title));
  const body = element("tbody", {}, ...lines.map(({ row }) => row));
  heads.forEach((cell, column) => cell.firstChild.addEventListener("click", () => {
    const order = nextOrder(cell, head[column].better ?? 0);
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    cell.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    lines.sort((a, b) => compareCells(a.cells[column], b.cells[column], sign));
    body.append(...lines.map(({ row }) => row));
  }));
  const top = element("thead", {}, element("tr", {}, ...heads));
  const table = element("table", { "aria-label": caption }, top, body);
  const title = element("p", { class: "label" }, caption); // a caption would scroll with the table
  return element("div", {}, title, scrolling(table, caption));
}

/** Return a region that scrolls sideways, also by keys. */
export function scrolling(table, label) {
  const attributes = { class: "scroll", tabindex: "0", role: "region", "aria-label": label };
  return element("div", attributes, table);
}

function headCell(title) {
  const button = element("button", { class: "sort", type: "button" }, title);
  return element("th", { scope: "col" }, button);
}

function bodyRow(cells) {
  return element("tr", {}, ...cells.map((cell, column) => {
    const [name, attributes] = column ? ["td", {}] : ["th", { scope: "row" }];
    return element(name, attributes, cellContent(cell));
  }));
}

function cellContent(cell) {
  if (cell instanceof Node) return cell;
  return cell.strong ? element("strong", {}, cell.text) : cell.text;
}

/** Return the order after a click: at first the best on top. */
function nextOrder(cell, better) {
  const [first, second] = better > 0 ? ["descending", "ascending"] : ["ascending", "descending"];
  return cell.getAttribute("aria-sort") === first ? second : first;
}

/** Compare cells by value or text; cells without a value come last in both orders. */
function compareCells(a, b, sign) {
  if (a.value === undefined) {
    return sign * textOf(a).localeCompare(textOf(b), "en", { numeric: true });
  }
  if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
  return sign * (a.value - b.value);
}

const textOf = (cell) => cell.text ?? cell.textContent;
