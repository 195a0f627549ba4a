/** The page: buttons and keys on one side, figures and pictures on the other. */

import { loadTables } from "./celpvq.js";
import { fillForm, readForm } from "./choices.js";
import { Session } from "./session.js";
import { Spectrogram } from "./spectrogram.js";

const CHANGE_MS = 100; // between two changes of the choices
const FIGURES_MS = 250; // between two looks at the figures
const UNKNOWN = "–";
const RUNNING = "Running";
const WAITING = "Waiting for the server …";

const find = (id) => document.getElementById(id);
const pictures = {};
let tables = null;
let session = null;
let changing = false;

const callAddress = () => new URL("call", location.href.replace(/^http/, "ws")).href;

/** Return the name of the sound to play, as in `Session.heard`. */
function heard() {
  const { value } = document.querySelector("input[name=heard]:checked");
  return value === "coded" ? coded() : value;
}

const coded = () => (find("enhancement").checked ? "enhanced" : "plain");

function show(status, problem = "") {
  find("status").textContent = status;
  find("problem").textContent = problem;
  find("problem").hidden = !problem;
  find("start").textContent = session ? "Stop" : "Start";
}

async function start() {
  Object.values(pictures).forEach((picture) => picture.clear());
  const begun = new Session({
    tables, address: callAddress(), choices: readForm(), echoCancellation: find("echo").checked,
    wait: Number(find("wait").value) / 1000,
  });
  session = begun;
  session.heard = heard();
  session.addEventListener("frame", ({ detail }) => draw(detail));
  session.addEventListener("end", ({ detail }) => finish(detail));
  show("Starting …");
  try {
    await session.start();
    if (session === begun) show(RUNNING);
  } catch (error) {
    if (session === begun) finish(error.message);
  }
}

/** Show that the call has ended, and why if not by the user. */
function finish(problem = "") {
  session = null;
  show("Stopped", problem);
}

function toggle() {
  if (!tables) return;
  if (!session) return start();
  session.stop();
  finish();
}

function draw({ lost, original, [coded()]: decoded }) {
  session.meters.countSamples(original, decoded);
  pictures.original.push(original);
  pictures.coded.push(decoded, lost);
}

/** Send the choices, at most every CHANGE_MS. */
function change() {
  if (session) session.heard = heard();
  if (changing) return;
  changing = true;
  setTimeout(() => {
    changing = false;
    session?.choose(readForm());
  }, CHANGE_MS);
}

function showLevel(sound, level) {
  find(`${sound}-level`).value = level ?? -60;
  find(`${sound}-db`).textContent = level === null ? UNKNOWN : `${level.toFixed(0).replace("-", "−")} dB`;
}

/** Tell if the server becomes late, or is in time again. */
function showLateness() {
  const shown = find("status").textContent;
  const status = session?.isWaiting ? WAITING : RUNNING;
  if ([RUNNING, WAITING].includes(shown) && shown !== status) show(status);
}

function showFigures() {
  showLateness();
  const meters = session?.meters;
  const known = Boolean(meters?.frames && session?.player);
  const texts = {
    bitrate: () => `${meters.bitrate.toFixed(0)} bit/s`,
    losses: () => `${meters.lossPercent.toFixed(1)} %`,
    delay: () => `${meters.delayMs.toFixed(0)} ms`,
    buffer: () => `${(1000 * session.player.level).toFixed(0)} ms`,
    underruns: () => `${session.player.underruns}`,
    dropped: () => `${(1000 * session.leftOut).toFixed(0)} ms`,
    frames: () => `${meters.frames}`,
  };
  if (session || find("frames").textContent === UNKNOWN) {
    for (const [id, text] of Object.entries(texts)) find(id).textContent = known ? text() : UNKNOWN;
  }
  for (const sound of ["original", "coded"]) showLevel(sound, known ? meters.levelDb(sound) : null);
}

/** Keys that work wherever they write nothing. */
function press(event) {
  const { key, target } = event;
  if (!find("keys").checked || event.ctrlKey || event.altKey || event.metaKey) return;
  if (target.tagName === "SELECT") return;
  const choice = { c: "coded", o: "original", n: "nothing" }[key.toLowerCase()];
  if (key.toLowerCase() === "s" && !event.repeat) toggle();
  else if (choice) {
    document.querySelector(`input[name=heard][value=${choice}]`).checked = true;
    change();
  }
}

async function load(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response;
}

async function prepare() {
  fillForm(await (await load("setup.json")).json());
  tables = await loadTables(new Uint8Array(await (await load("tables")).arrayBuffer()));
  for (const name of ["original", "coded"]) pictures[name] = new Spectrogram(find(`${name}-picture`));
  find("start").addEventListener("click", toggle);
  for (const part of [find("choices"), find("heard")]) part.addEventListener("input", change);
  document.addEventListener("keydown", press);
  addEventListener("pagehide", () => session?.stop());
  setInterval(showFigures, FIGURES_MS);
  find("start").disabled = false;
  show("Stopped");
}

/** For study from the browser's console: the running call. */
Object.defineProperty(globalThis, "call", { get: () => session });

prepare().catch((error) => show("Stopped", `The page cannot be loaded: ${error.message}. Reload it.`));
