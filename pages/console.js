"use strict";
const by = (id) => document.getElementById(id);
const LABELS = {
  start: ["Start", "Enter"], success: ["Success", "S"], failure: ["Failure", "F"],
  abort: ["Abort, repeat", "A"], redo: ["Redo last", "R"], continue: ["Go on", "Enter"],
};
const DIMENSIONS = ["x", "y", "z", "roll", "pitch", "yaw", "gripper"];
let socket = null, state = null, control = null, stopServer = null, heardMs = 0, pictureMs = 0, pictures = [], judged = "", refusal = "";

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.binaryType = "blob";
  socket.onopen = () => say({ do: "name", name: localStorage.getItem("operator") || "operator" });
  socket.onmessage = (message) => (typeof message.data === "string" ? hear(JSON.parse(message.data)) : show(message.data));
  socket.onclose = (event) => {
    refusal = event.code === 1008 ? event.reason : "";
    lost(refusal || "connection lost, trying again …");
    setTimeout(connect, 1000);
  };
}

function say(value) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(value));
}

function lost(why) {
  document.body.dataset.stage = "lost";
  by("says").textContent = "No connection to the console";
  by("todo").textContent = why + " STOP still tries every way it has.";
}

function hear(message) {
  heardMs = performance.now();
  if (message.stop) { stopServer = message.stop; return; }
  if (message.refused) { banner(message.refused, true); return; }
  state = message.state; control = message.control;
  draw();
}

async function show(blob) {
  heardMs = pictureMs = performance.now();
  pictures = pictures.filter((at) => pictureMs - at < 2000).concat(pictureMs);
  const picture = await createImageBitmap(blob).catch(() => null);
  if (!picture) return;
  const canvas = by("camera");
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width; canvas.height = picture.height;
    by("screen").style.aspectRatio = `${picture.width} / ${picture.height}`;
  }
  canvas.getContext("2d").drawImage(picture, 0, 0);
  picture.close();
}

function banner(text, note) {
  const box = by("banner");
  box.hidden = !text;
  box.textContent = text;
  box.className = note ? "note" : "";
  if (note) setTimeout(() => { if (box.textContent === text) banner(warning(), false); }, 4000);
}

function warning() {
  if (!state) return "";
  if (state.robot && state.robot.stopped) return `STOPPED: ${(state.robot.reason || "latched until resumed").replace(/^stopped: /, "")}`;
  if (state.robot && state.robot.silent_s > 2) return `the robot has said nothing for ${state.robot.silent_s.toFixed(0)} s`;
  if (state.silent_s > 2) return `the session has said nothing for ${state.silent_s.toFixed(0)} s`;
  return "";
}

function draw() {
  document.body.dataset.stage = state.stage;
  by("says").textContent = state.says;
  by("todo").textContent = control.mine ? state.todo : `you are watching; ${control.holder || "nobody"} has the controls`;
  by("clock").textContent = state.clock ? Math.max(0, state.clock.left_s).toFixed(0) : "";
  if (!by("banner").classList.contains("note") || by("banner").hidden) banner(warning(), false);
  drawTrial(); drawAnswers(); drawRubric(); drawControls(); drawTraces(); drawProgress();
  const robot = state.robot;
  by("robot").textContent = robot ? `${state.session} · arm ${robot.mode}${robot.armed ? "" : ", disarmed"}` : "";
}

function drawTrial() {
  const trial = state.trial;
  by("trial").hidden = !trial;
  if (!trial) { by("reference").hidden = true; by("marks").replaceChildren(); return; }
  const policy = trial.policy ? ` · policy ${trial.policy}` : "";
  const again = trial.attempt > 1 ? ` (attempt ${trial.attempt})` : "";
  by("trial-title").textContent = `Trial ${trial.number} of ${state.progress.length}${again}${policy}: ${trial.task.replaceAll("_", " ")}`;
  fill(by("instructions"), trial.instructions, (text) => element("li", text));
  by("criterion").textContent = "Success: " + trial.success;
  const ghost = by("reference"), setting = state.stage === "setup";
  ghost.hidden = !(setting && trial.reference);
  for (const part of document.getElementsByClassName("ghosted")) part.hidden = ghost.hidden;
  if (trial.reference && !ghost.src.endsWith(trial.reference)) ghost.src = trial.reference;
  ghost.style.opacity = by("opacity").value / 100;
  by("marks").innerHTML = setting ? trial.marks.map(mark).join("") : "";
}

function mark({ kind, name, outline }) {
  const colour = { target: "#ffd166", container: "#06d6a0", distractor: "#9bb1ff" }[kind] || "#fff";
  const safe = name.replace(/[<>&"]/g, "");
  const right = outline.reduce((best, point) => (point[0] > best[0] ? point : best));
  return `<polygon points="${outline.map((point) => point.join()).join(" ")}" stroke="${colour}"/>` +
    `<text x="${Math.min(right[0] + 0.01, 0.8)}" y="${right[1] + 0.015}">${safe}</text>`;
}

function drawAnswers() {
  const words = control.mine ? state.answers : [];
  const key = words.join();
  if (by("answers").dataset.words === key) return;
  by("answers").dataset.words = key;
  fill(by("answers"), words, (word) => {
    const button = element("button", LABELS[word][0] + " ");
    button.append(element("kbd", LABELS[word][1]));
    button.className = word; button.type = "button"; button.id = `answer-${word}`;
    button.onclick = () => answer(word);
    return button;
  });
}

// While a trial waits for its verdict: what is said with it. Between trials: what can be added to the last one.
function drawRubric() {
  const now = state.answers.includes("failure"), last = now || state.stage === "running" ? null : state.last;
  by("rubric").hidden = !(control.mine && (now || last));
  by("add").hidden = !last;
  const key = last ? JSON.stringify(last) : String(state.question);
  if (key === judged) return;
  judged = key;
  by("rubric-title").textContent = last ? `trial ${last.number}, a ${last.success ? "success" : "failure"}: how far it came` : "how far it came";
  by("failure").disabled = Boolean(last && last.success);
  fill(by("milestones"), state.milestones, (name) => {
    const chip = element("button", name);
    chip.type = "button"; chip.setAttribute("aria-pressed", String(Boolean(last) && last.milestones.includes(name)));
    chip.onclick = () => chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
    return chip;
  });
  fill(by("failure"), ["", ...state.failures], (name) => element("option", name));
  by("failure").value = last ? last.failure : "";
  by("note").value = last ? last.note : "";
}

function rubric(success) {
  const milestones = [...by("milestones").children].filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.textContent);
  return { milestones, failure: success ? "" : by("failure").value, note: by("note").value.trim() };
}

async function addDetails() {
  const last = state && state.last;
  if (!last) return;
  const body = JSON.stringify({
    attempt: last.id, rater: control.name, success: last.success, reason: "details, given after the verdict", rubric: rubric(last.success),
  });
  try {
    const reply = await fetch("/review/labels", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const said = await reply.json();
    if (!reply.ok) throw new Error(typeof said.detail === "string" ? said.detail : said.detail.map((one) => one.msg).join("; "));
    banner(`kept with trial ${last.number}`, true);
  } catch (error) { banner(`not kept: ${error.message}`, true); }
}

function drawControls() {
  const key = JSON.stringify(control);
  if (by("controls").dataset.key === key) return;
  by("controls").dataset.key = key;
  if (control.mine && control.name === "operator" && state.operator && !localStorage.getItem("operator")) say({ do: "name", name: state.operator });
  by("controls").classList.toggle("asked", Boolean(control.mine && control.asking));
  const parts = [element("span", control.mine ? "you have the controls" : `${control.holder || "nobody"} has the controls`)];
  if (control.watching) parts.push(element("span", `· ${control.watching} watching`));
  if (!control.mine && control.asked) parts.push(element("span", `· you have asked ${control.holder} for them`));
  else if (!control.mine) parts.push(press("ask", "Ask for the controls", { do: "ask" }));
  if (control.mine && control.asking) parts.push(press("hand-over", `Give the controls to ${control.asking}`, { do: "hand_over", to: control.asking_id }));
  parts.push(press("rename", control.name && control.name !== "operator" ? `I am ${control.name} …` : "I am …", null));
  by("controls").replaceChildren(...parts);
  by("rename").onclick = () => {
    const name = prompt("Your name, for the log", localStorage.getItem("operator") || "");
    if (name) { localStorage.setItem("operator", name); say({ do: "name", name }); }
  };
}

function press(id, text, what) {
  const button = element("button", text);
  button.id = id; button.type = "button";
  if (what) button.onclick = () => say(what);
  return button;
}

function drawTraces() {
  const trace = state.trace;
  if (!trace || by("value").dataset.length === `${trace.id}/${trace.times.length}`) return;
  by("value").dataset.length = `${trace.id}/${trace.times.length}`;
  drawPlot(by("value"), trace.times, [trace.values], trace.limit_s);
  drawPlot(by("action"), trace.times, DIMENSIONS.map((_, at) => trace.actions.map((row) => row[at])), trace.limit_s, [-1, 1]);
  const last = trace.values[trace.values.length - 1];
  by("value-now").textContent = trace.blind ? "hidden: only some policies have one" : Number.isFinite(last) ? last.toFixed(2) : "";
}

function drawProgress() {
  const key = JSON.stringify(state.progress);
  if (by("progress").dataset.key === key) return;
  by("progress").dataset.key = key;
  fill(by("progress"), state.progress, ({ number, start_pose, state: how, attempts }) => {
    const item = element("li", String(number) + ({ success: " ✓", failure: " ✗", running: " ▶" }[how] || ""));
    item.className = how;
    item.append(element("span", start_pose.replaceAll("_", " ") + (attempts > 1 ? ` · ${attempts}×` : "")));
    return item;
  });
}

function answer(word) {
  if (!state || !control.mine || !state.answers.includes(word)) return;
  const value = { do: "answer", word, question: state.question };
  if (word === "success" || word === "failure") Object.assign(value, rubric(word === "success"));
  else if (word !== "start" && word !== "continue") value.note = by("note").value.trim();
  say(value);
}

// STOP goes every way there is at once: through the console, and to a process of its own that hangs on nothing else.
async function stop() {
  by("stop").classList.add("sent");
  banner("STOP sent …", false);
  say({ do: "stop" });
  const ways = [fetch("/stop", { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } })];
  if (stopServer) {
    const url = `${location.protocol}//${location.hostname}:${stopServer.port}/stop`;
    ways.push(fetch(url, { method: "POST", headers: { "X-Stop-Token": stopServer.token } }));
  }
  const ended = ways.map((way) => way.then((reply) => { if (!reply.ok) throw new Error(String(reply.status)); }));
  try {
    await Promise.any(ended);
    banner("STOPPED: the robot has confirmed it", false);
  } catch {
    banner("STOP was not confirmed: use the power switch", false);
  }
  setTimeout(() => by("stop").classList.remove("sent"), 1500);
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function fill(parent, items, make) {
  parent.replaceChildren(...items.map(make));
}

by("stop").onclick = stop;
by("add").onclick = addDetails;
by("opacity").oninput = () => { by("reference").style.opacity = by("opacity").value / 100; };
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase(), field = event.target.tagName;
  if (key === "escape" || (key === " " && field !== "TEXTAREA")) { event.preventDefault(); stop(); return; }
  if (["TEXTAREA", "SELECT", "INPUT"].includes(field)) return;
  const word = state && state.answers.find((known) => LABELS[known][1].toLowerCase() === key);
  if (word) { event.preventDefault(); answer(word); }
});
setInterval(() => say({ do: "here" }), 500);
setInterval(() => {
  const now = performance.now();
  if (!refusal && heardMs && now - heardMs > 2000) lost("nothing was heard for " + ((now - heardMs) / 1000).toFixed(0) + " s.");
  by("no-picture").hidden = pictureMs > 0 && now - pictureMs < 1500;
  const seen = pictures.filter((at) => now - at < 2000).length / 2;
  by("camera-rate").textContent = seen ? `${seen.toFixed(0)} pictures/s` : "";
}, 250);
connect();
