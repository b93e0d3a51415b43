// The page in its window: cameras, state and buttons; the headset's session is teleop_headset.js.
import { Headset } from "/static/teleop_headset.js";
import { Link } from "/static/teleop_link.js";
import { framed } from "/static/teleop_strip.js";
import { asks, counter, headline, latency, stage } from "/static/teleop_words.js";

const by = (id) => document.getElementById(id);
const link = new Link(), headset = new Headset(link);
const STALE_MS = 1500, REFUSAL_MS = 6000;
const screens = [];
let lost = "", asked = "", refusal = "";

link.addEventListener("state", () => { lost = ""; draw(); });
link.addEventListener("lost", ({ detail }) => { lost = detail; draw(); });
link.addEventListener("picture", async ({ detail: { camera, file } }) => {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return;
  if (headset.session) headset.picture(camera, bitmap); else show(camera, bitmap);
});

function draw() {
  const { state } = link, recording = state && state.recording;
  const [says, todo] = headline(state, lost);
  by("says").textContent = says;
  by("todo").textContent = todo;
  document.body.dataset.hand = lost ? "lost" : (state && state.hand && state.hand.state) || "connecting";
  document.body.dataset.stage = recording ? recording.stage : "";
  by("counter").textContent = counter(recording);
  by("stage").textContent = stage(recording);
  by("task").textContent = recording ? recording.instruction || recording.task.replaceAll("_", " ") : "";
  by("hint").textContent = recording ? recording.says : "";
  offerAnswers(asks(recording));
  by("latency").textContent = latency(state, link.wayMs);
  if (!state) return;
  const { mode, armed, stopped, reason } = state.robot;
  by("robot").textContent = `hand: ${state.source} · arm: ${mode || "unknown"}${armed ? "" : ", disarmed"}`;
  banner(stopped ? `STOPPED: ${reason || "press Y, or the button, to go on from home"}` : refusal);
  by("home").disabled = !mode || ["engaged", "holding"].includes(document.body.dataset.hand);
  while (screens.length < state.cameras.length) screens.push(screen(state.cameras[screens.length].name));
  if (screens.length === state.cameras.length) screens.push(screen("the demonstration"));
  screens[state.cameras.length].box.classList.add("film");
  screens[state.cameras.length].box.hidden = !recording || recording.stage !== "reviewing";
}

// The recorder's buttons; the keys are those of the controller.
function offerAnswers(answers) {
  const key = JSON.stringify(answers);
  if (key === asked) return;
  asked = key;
  by("answers").replaceChildren(...answers.map(([word, name, button]) => {
    const made = document.createElement("button"), hint = document.createElement("kbd");
    made.type = "button"; made.className = word; made.id = `ask-${word}`; hint.textContent = button;
    made.append(`${name} `, hint);
    made.onclick = () => ask(`/record/${word}`);
    return made;
  }));
}

function banner(text) { by("banner").hidden = !text; by("banner").textContent = text; }

function screen(name) {
  const box = document.createElement("div"), canvas = document.createElement("canvas"), none = document.createElement("p");
  box.className = "screen"; none.className = "none"; none.id = `none-${screens.length}`;
  canvas.setAttribute("aria-label", name);
  none.textContent = `no picture from ${name}`;
  box.append(canvas, none);
  by("cameras").append(box);
  return { box, canvas, none, shownMs: 0 };
}

function show(camera, bitmap) {
  const at = screens[camera];
  if (at) {
    if (at.canvas.width !== bitmap.width || at.canvas.height !== bitmap.height) {
      at.canvas.width = bitmap.width; at.canvas.height = bitmap.height;
      at.box.style.aspectRatio = `${bitmap.width} / ${bitmap.height}`;
    }
    at.canvas.getContext("2d").drawImage(camera === headset.film ? framed(bitmap) : bitmap, 0, 0);
    at.shownMs = performance.now();
  }
  bitmap.close();
}

async function ask(path, what = {}) {
  refuse("");
  try {
    const reply = await fetch(path, { method: "POST", body: JSON.stringify(what), headers: { "Content-Type": "application/json" } });
    const said = await reply.json();
    refuse(reply.ok ? "" : said.detail || `${path}: ${reply.status}`);
  } catch {
    refuse(path === "/stop" ? "STOP was not confirmed: use the power switch" : "no answer");
  }
}

function refuse(text) {
  refusal = text;
  banner(text);
  if (text) setTimeout(() => { if (refusal === text) refuse(""); }, REFUSAL_MS);
}

async function offer() {
  let any = false;
  for (const [mode, id] of [["immersive-vr", "enter-vr"], ["immersive-ar", "enter-ar"]]) {
    const can = navigator.xr ? await navigator.xr.isSessionSupported(mode).catch(() => false) : false;
    by(id).hidden = !can;
    by(id).onclick = () => headset.enter(mode).catch((error) => banner(`the headset did not start: ${error.message}`));
    any = any || can;
  }
  by("no-headset").hidden = any;
  by("no-headset").textContent = isSecureContext
    ? "No headset here: this page watches. Open it in the headset's browser to drive."
    : "This address is neither https nor localhost, and browsers give such pages no poses: this page watches.";
}

by("stop").onclick = () => ask("/stop");
by("home").onclick = () => ask("/home", { stops: link.state ? link.state.robot.stops : 0 }); // a STOP on its way to us counts
document.addEventListener("keydown", (event) => {
  if (event.key === " " || event.key === "Escape") {
    event.preventDefault();
    if (!event.repeat) ask("/stop");
    return;
  }
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const found = asks(link.state && link.state.recording).find(([, , button]) => button.toLowerCase() === event.key.toLowerCase());
  if (found) ask(`/record/${found[0]}`);
});
setInterval(() => {
  const now = performance.now();
  for (const at of screens) at.none.hidden = at.shownMs > 0 && now - at.shownMs < STALE_MS;
}, 250);
if (navigator.xr) navigator.xr.addEventListener("devicechange", offer);
offer();
