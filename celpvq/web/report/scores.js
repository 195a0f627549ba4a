/** The scores of a report: their tables and charts. */

import { SAMPLE_RATE } from "./celpvq.js";
import { byId, element } from "../elements.js";
import { legend, rateChart } from "./charts.js";
import { sortableTable } from "./sortable.js";

const NO_SCORE = { text: "-", value: null };

/** Fill the sections with scores of all clips; `openClip` is called with the number of a clip. */
export function showScores(data, openClip) {
  byId("scores").hidden = !data.means.length;
  byId("means").append(...data.means.map(sortableTable));
  showCharts(data.charts.filter(({ series }) => series.length));
  byId("clips").hidden = !data.heads.length;
  if (!data.heads.length) return;
  byId("score").append(...data.heads.map(({ title }, i) => option(title, i)));
  byId("score").addEventListener("change", () => showClipTable(data, openClip));
  showClipTable(data, openClip);
}

function showCharts(charts) {
  byId("rates").hidden = !charts.length;
  if (!charts.length) return;
  byId("legend").append(...legend(charts[0].series));
  byId("charts").append(...charts.map(rateChart));
}

/** Return an item of a list of choices. */
export const option = (text, value) => element("option", { value: String(value) }, text);

/** Show the chosen score of all clips and codecs. */
function showClipTable({ clips, heads, scores }, openClip) {
  const column = Number(byId("score").value);
  const codecs = Object.keys(scores);
  const { title, better } = heads[column];
  const rows = clips.map(({ name, samples }, number) => {
    const open = element("button", { class: "open", type: "button" }, name);
    open.addEventListener("click", () => openClip(number));
    const seconds = samples / SAMPLE_RATE;
    const cells = codecs.map((codec) => scores[codec][name]?.[column] ?? NO_SCORE);
    return [open, { text: seconds.toFixed(1), value: seconds }, ...cells];
  });
  const codecHeads = codecs.map((codec) => ({ title: codec, better }));
  const head = [{ title: "clip" }, { title: "seconds" }, ...codecHeads];
  const caption = `${title} of the clips on this page`;
  byId("clip-table").replaceChildren(sortableTable({ caption, head, rows }));
}

/** Show the scores of a clip by version, and mark the codec that is `chosen`. */
export function showClipScores({ heads, scores }, clip, versions, chosen) {
  if (!heads.length) return;
  const rows = versions.slice(1).map(({ codec, kbps }) => [ // the first one is the original
    { text: codec },
    { text: kbps === null ? "-" : kbps.toFixed(2), value: kbps },
    ...(scores[codec]?.[clip] ?? heads.map(() => NO_SCORE)),
  ]);
  const head = [{ title: "codec" }, { title: "kbit/s" }, ...heads];
  const table = sortableTable({ caption: `Scores of ${clip}`, head, rows });
  for (const row of table.querySelectorAll("tbody tr")) {
    if (row.cells[0].textContent === chosen) row.setAttribute("aria-current", "true");
  }
  byId("clip-scores").replaceChildren(table);
}
