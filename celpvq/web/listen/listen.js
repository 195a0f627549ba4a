// The flow of a listening test: welcome, sound check, training, trials, end.

import { byId, element } from "../elements.js";
import { embeddedData } from "../embedded.js";
import { Xorshift, presentation, shown } from "./order.js";
import { Player, playPanned } from "./player.js";
import { Store, csv, download, newState } from "./store.js";
import { TrialView } from "./trial.js";

const SECTIONS = ["welcome", "sound", "trial", "end"];
const SIDES = { left: -1, right: 1, both: 0 };
const TASKS = {
  abx: "Is X the same as A, or the same as B?",
  mushra: "Rate each version in comparison with the reference.",
  acr: "Listen to the whole sound, then rate the quality of the speech.",
  ccr: "Listen to the first sound, then to the second.",
};

const test = embeddedData();
const { method } = test;
const store = new Store(test);
const player = new Player(() => update());
player.loops = method.loops;
let state = store.load();
let items = []; // the trials of this listener
let view = null; // the trial on the page
let began = 0; // when it appeared [ms]

/** Show one section, and tell a screen reader of it. */
function open(name) {
  for (const section of SECTIONS) byId(section).hidden = section !== name;
  byId(name).querySelector("h2").focus();
  window.scrollTo(0, 0);
}

/** Keep the state; warn if the browser does not. */
function keep() {
  if (!store.save(state)) {
    byId("error").textContent =
      "This browser does not let the page remember your answers. Do the test in one go, and do not reload the page.";
  }
}

/** Return the number of trials as a text. */
function trials(n) {
  return n === 1 ? "1 trial" : `${n} trials`;
}

// Welcome

function welcome() {
  const all = test.blocks.flat().length * test.repeats;
  const n = Math.min(all, test.trials ?? all);
  byId("title").textContent = test.title;
  byId("instructions").replaceChildren(
    element("p", {}, element("strong", {}, method.title)),
    ...method.instructions.map((text) => element("p", {}, text)),
  );
  byId("length").textContent = `There ${n === 1 ? "is" : "are"} ${trials(n)}, and a training before.`;
  byId("resume").hidden = state === null;
  byId("begin").hidden = state !== null;
  byId("again").hidden = false;
  byId("really").hidden = true;
  if (state) {
    const of = presentation(test, state.seed).length;
    byId("done").textContent = `You have done ${state.answers.length} of ${trials(of)} in this browser.`;
  }
  open("welcome");
}

/** Forget everything, for a new listener. */
function restart() {
  player.clear();
  store.clear();
  state = null;
  byId("begin").reset();
  byId("check").reset();
  byId("saved").textContent = "";
  welcome();
}

/** Go where the listener was. */
function resume() {
  player.context.resume();
  items = presentation(test, state.seed);
  player.volume.gain.value = state.volume;
  if (state.stage === "sound") return soundCheck();
  if (state.answers.length >= items.length) return finish();
  return nextTrial();
}

function begin(event) {
  event.preventDefault();
  state = newState(test);
  state.code = byId("code").value.trim();
  keep();
  resume();
}

// Sound check

async function soundCheck() {
  const [sound] = test.training.flatMap((trial) => trial.sounds);
  const sides = new Xorshift(state.seed).shuffle(Object.keys(SIDES));
  await player.load([["speech", test.sounds[sound]]]);
  player.loops = true;
  byId("ears").replaceChildren(...sides.map((side, i) => earQuestion(side, i + 1)));
  open("sound");
}

/** Return a question about the side of a sound. */
function earQuestion(side, number) {
  const play = element("button", { type: "button" }, `Play sound ${number}`);
  play.addEventListener("click", () => {
    player.stop(0);
    const source = playPanned(player, player.buffers.get("speech"), SIDES[side]);
    source.stop(player.context.currentTime + 2);
  });
  const choices = [["", "– choose –"], ["left", "left"], ["right", "right"], ["both", "both sides"], ["none", "I cannot tell"]];
  const select = element("select", { required: true, class: "ear", "aria-label": `Side of sound ${number}` });
  select.append(...choices.map(([value, label]) => element("option", { value }, label)));
  select.dataset.side = side;
  return element("p", { class: "row" }, play, select);
}

function checked(event) {
  event.preventDefault();
  const answers = [...document.querySelectorAll(".ear")];
  const correct = answers.filter((select) => select.value === select.dataset.side).length;
  state.ears = { asked: answers.length, correct };
  state.device = byId("device").value;
  state.volume = player.volume.gain.value;
  state.stage = "training";
  keep();
  nextTrial();
}

// Trials

/** Show the next trial, or the end. */
async function nextTrial() {
  const training = state.stage === "training" ? test.training[state.trained] : null;
  if (training === undefined) state.stage = "trials";
  const place = state.answers.length;
  if (!training && place >= items.length) return finish();
  const random = new Xorshift(state.seed + state.trained + 1);
  const item = training ? shown(training, random, method.name === "abx") : items[place];
  player.loops = method.loops;
  view = new TrialView(item, method, player, update);
  byId("view").replaceChildren(view.root);
  byId("number").textContent = training
    ? `Training ${state.trained + 1} of ${test.training.length}`
    : `Trial ${place + 1} of ${items.length}`;
  byId("progress").max = items.length;
  byId("progress").value = place;
  byId("task").textContent = TASKS[method.name] + (training ? " This one does not count." : "");
  byId("zero").hidden = method.name !== "mushra";
  open("trial");
  await player.load(view.files.map(([name, sound]) => [name, test.sounds[sound]]));
  byId("position").max = player.duration;
  began = performance.now();
  update();
}

/** Show the state of the player and of the ratings. */
function update() {
  byId("speech").setAttribute("aria-pressed", `${player.playing && player.current === "speech"}`);
  if (!view || byId("trial").hidden) return;
  view.update();
  const missing = view.missing();
  if (byId("missing").textContent !== missing) byId("missing").textContent = missing;
  byId("next").disabled = missing !== "";
  byId("stop").disabled = !player.playing;
  byId("position").value = player.position;
  const time = `${player.position.toFixed(1)} of ${player.duration.toFixed(1)} s`;
  byId("position").setAttribute("aria-valuetext", time);
  byId("time").textContent = time.replace(" of ", " / ");
}

/** Take the answer of the trial on the page. */
function answered(event) {
  event.preventDefault();
  if (view.missing()) return;
  player.stop(0);
  const answer = view.answer((performance.now() - began) / 1000);
  if (state.stage === "training") {
    if (method.name === "abx" && !view.told) return tell(answer);
    state.trained += 1;
  } else {
    state.answers.push(answer);
  }
  keep();
  return nextTrial();
}

/** Say whether an answer of the training of ABX was right. */
function tell(answer) {
  view.told = true;
  const right = Object.keys(answer.ratings)[0] === answer.x;
  byId("missing").textContent = right ? "Correct." : `Wrong: X was ${answer.order[0] === answer.x ? "A" : "B"}.`;
}

// The end

function finish() {
  player.clear();
  view = null;
  state.stage = "end";
  state.finished ??= new Date().toISOString();
  keep();
  byId("another").disabled = true; // until the answers are saved
  open("end");
}

/** Save the answers as a file. */
function save(kind) {
  const name = `listening-${state.listener.slice(0, 8)}.${kind}`;
  const { stage, trained, ...results } = state;
  if (kind === "json") download(name, JSON.stringify(results, null, 1) + "\n", "application/json");
  else download(name, csv(state), "text/csv");
  byId("another").disabled = false;
  byId("saved").textContent = `Saved as ${name}, in your folder of downloads.`;
}

/** Use the keys of a trial. */
function pressed(event) {
  const typing = event.target.closest("input:not([type=range], [type=radio], [type=checkbox]), select, textarea");
  const other = event.ctrlKey || event.metaKey || event.altKey;
  if (!view || byId("trial").hidden || !byId("keys").checked || typing || other) return;
  const sounds = [...view.buttons.keys()].filter((sound) => sound !== "reference");
  const sound = event.key === "0" ? "reference" : sounds[Number(event.key) - 1];
  if (/^[0-9]$/.test(event.key) && view.buttons.has(sound)) {
    view.press(sound);
  } else if (event.key === " " && !event.target.closest("button, summary, [type=radio], [type=checkbox]")) {
    if (player.playing) player.stop();
    else view.press(player.current ?? sounds[0]);
  } else {
    return;
  }
  event.preventDefault();
}

byId("begin").addEventListener("submit", begin);
byId("continue").addEventListener("click", resume);
byId("again").addEventListener("click", () => {
  byId("again").hidden = true;
  byId("really").hidden = false;
  byId("really").focus();
});
byId("really").addEventListener("click", restart);
byId("another").addEventListener("click", restart);
byId("speech").addEventListener("click", () => {
  if (player.playing) player.stop();
  else player.play("speech");
});
byId("volume").addEventListener("input", (event) => {
  player.volume.gain.value = Number(event.target.value);
});
byId("check").addEventListener("submit", checked);
byId("rating").addEventListener("submit", answered);
byId("stop").addEventListener("click", () => player.stop());
byId("position").addEventListener("input", (event) => player.seek(Number(event.target.value)));
byId("partial").addEventListener("click", () => save("json"));
byId("json").addEventListener("click", () => save("json"));
byId("csv").addEventListener("click", () => save("csv"));
document.addEventListener("keydown", pressed);
welcome();
