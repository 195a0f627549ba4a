/** The form of the page: choices of encoder, channel and decoder. */

const VARIABLE = "variable";
const find = (id) => document.getElementById(id);

const TEXTS = {
  vbr: (value) => `${value} bit/s`,
  wait: (value) => `${value} ms`,
  loss: (value) => `${value} %`,
  burst: (value) => (value === 1 ? "independent losses" : `${value} packets`),
};

/** Fill a select with [value, text] pairs. */
function fill(select, entries) {
  select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
}

/** Show a slider's value beside it, and to screen readers. */
function showValue(name) {
  const slider = find(name);
  const text = TEXTS[name](Number(slider.value));
  slider.setAttribute("aria-valuetext", text);
  document.querySelector(`output[for="${name}"]`).textContent = text;
}

/** Show values, and only the choices that have an effect. */
function refresh() {
  Object.keys(TEXTS).forEach(showValue);
  find("average").hidden = find("mode").value !== VARIABLE;
  find("burst").disabled = find("loss").value === "0";
}

/** Put the choices that the server begins with into the form. */
export function fillForm({ choices, modes, presets, max_loss: maxLoss }) {
  fill(find("mode"), [...modes.map((rate) => [rate, `${rate} bit/s`]), [VARIABLE, "variable"]]);
  fill(find("preset"), presets.map((name) => [name, name]));
  find("mode").value = choices.vbr === null ? choices.mode : VARIABLE;
  find("vbr").value = choices.vbr ?? 5600;
  find("preset").value = choices.preset;
  find("dtx").checked = choices.dtx;
  find("loss").max = maxLoss;
  find("loss").value = choices.loss;
  find("burst").value = choices.burst ?? 1;
  refresh();
  find("choices").addEventListener("input", refresh);
  find("choices").addEventListener("submit", (event) => event.preventDefault());
}

/** Return the choices of the form, in the words of the server, and `help`. */
export function readForm() {
  const mode = find("mode").value;
  const burst = Number(find("burst").value);
  return {
    ...(mode === VARIABLE ? { vbr: Number(find("vbr").value) } : { mode: Number(mode) }),
    preset: find("preset").value,
    dtx: find("dtx").checked,
    loss: Number(find("loss").value),
    burst: burst === 1 ? null : burst,
    help: find("help").value,
  };
}
