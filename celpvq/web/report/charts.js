/** Charts of quality over bit rate, as SVG in the colours of the page. */

import { element } from "../elements.js";

const [CHART_WIDTH, CHART_HEIGHT] = [360, 260];
const PLOT = { left: 46, right: 350, top: 12, bottom: 220 };
const MARKERS = [
  "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", "M-4 -4h8v8h-8z", "M0 -5l5 9h-10z",
  "M0 -5l5 5l-5 5l-5 -5z", "M0 5l5 -9h-10z", "M-5 -2h3v-3h4v3h3v4h-3v3h-4v-3h-3z",
];

/** Return an element of SVG. */
function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Return round numbers from at most `low` to at least `high`, or around both if they are equal. */
export function ticks(low, high, most = 5) {
  if (high - low < 1e-6) return ticks(low - 0.5, high + 0.5, most);
  const span = high - low;
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => span / s <= most);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const n = Math.max(last - first, 1) + 1;
  return Array.from({ length: n }, (_, i) => Number(((first + i) * step).toPrecision(10)));
}

/** Return a figure of a chart {title, series: [{name, own, points: [kbps, mean, half, codec]}]}. */
export function rateChart({ title, series }) {
  const shown = series.map((one) => ({ ...one, points: one.points.filter((p) => p[1] !== null) }));
  const points = shown.flatMap((one) => one.points);
  const caption = element("figcaption", {}, title);
  if (!points.length) return element("figure", {}, caption, "no values");
  const xTicks = ticks(Math.min(...points.map((p) => p[0])), Math.max(...points.map((p) => p[0])));
  const yTicks = ticks(
    Math.min(...points.map(([, mean, half]) => mean - (half ?? 0))),
    Math.max(...points.map(([, mean, half]) => mean + (half ?? 0))),
  );
  const x = scale(xTicks, PLOT.left, PLOT.right);
  const y = scale(yTicks, PLOT.bottom, PLOT.top);
  const viewBox = `0 0 ${CHART_WIDTH} ${CHART_HEIGHT}`;
  const chart = svg(
    "svg", { viewBox, role: "img", "aria-label": describe(title, shown) },
    ...axes(xTicks, yTicks, x, y), ...shown.map((one, i) => drawSeries(one, i, x, y)),
  );
  return element("figure", {}, caption, chart);
}

/** Return a list that names the lines of the charts. */
export function legend(series) {
  return series.map(({ name }, i) => {
    const line = svg("path", { class: "line", d: "M-14 0h28" });
    const marker = svg("path", { d: MARKERS[i % MARKERS.length] });
    const size = { viewBox: "-14 -7 28 14", width: 28, height: 14 };
    const sample = svg("g", { class: `series series-${i % 8}` }, line, marker);
    return element("li", {}, svg("svg", { ...size, "aria-hidden": "true" }, sample), ` ${name}`);
  });
}

function scale(marks, from, to) {
  const [low, high] = [marks[0], marks.at(-1)];
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

function axes(xTicks, yTicks, x, y) {
  const center = (PLOT.left + PLOT.right) / 2;
  return [
    ...yTicks.flatMap((tick) => [
      svg("path", { class: "grid", d: `M${PLOT.left} ${y(tick)}H${PLOT.right}` }),
      svg("text", { x: PLOT.left - 6, y: y(tick) + 4, "text-anchor": "end" }, String(tick)),
    ]),
    ...xTicks.flatMap((tick) => [
      svg("path", { class: "grid", d: `M${x(tick)} ${PLOT.top}V${PLOT.bottom}` }),
      svg("text", { x: x(tick), y: PLOT.bottom + 16, "text-anchor": "middle" }, String(tick)),
    ]),
    svg("text", { x: center, y: CHART_HEIGHT - 6, "text-anchor": "middle" }, "kbit/s"),
  ];
}

function drawSeries({ own, points }, i, x, y) {
  const group = svg("g", { class: `series series-${i % 8}${own ? " own" : ""}` });
  const path = points.map(([kbps, mean], k) => `${k ? "L" : "M"}${x(kbps)} ${y(mean)}`).join("");
  group.append(svg("path", { class: "line", d: path }));
  for (const [kbps, mean, half, codec] of points) {
    if (half) {
      const d = `M${x(kbps)} ${y(mean - half)}V${y(mean + half)}`;
      group.append(svg("path", { class: "bar", d }));
    }
    const transform = `translate(${x(kbps)} ${y(mean)})`;
    const marker = svg("path", { d: MARKERS[i % MARKERS.length], transform });
    marker.append(svg("title", {}, `${codec}: ${mean.toFixed(3)} at ${kbps.toFixed(2)} kbit/s`));
    group.append(marker);
  }
  return group;
}

/** Return the chart as text. */
function describe(title, series) {
  const pointText = ([kbps, mean]) => `${mean.toFixed(3)} at ${kbps.toFixed(2)}`;
  const lines = series.filter(({ points }) => points.length).map(({ name, points }) => (
    `${name}: ${points.map(pointText).join(", ")}`
  ));
  return `${title} over kbit/s. ${lines.join(". ")}.`;
}
