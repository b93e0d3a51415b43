"use strict";
const by = (id) => document.getElementById(id);
let shown = { attempts: [], failures: [], milestones: [] }, chosen = null;

function element(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function show(data) {
  shown = data;
  by("title").textContent = data.title;
  by("kind").replaceChildren(element("option", ""), ...data.failures.map((name) => element("option", name)));
  by("back").hidden = !data.live;
  draw();
}

function how(attempt) {
  if (attempt.success === null) return "aborted";
  return attempt.success ? "success" : "failure";
}

function draw() {
  const wanted = by("show").value;
  const chosen = shown.attempts.filter((attempt) => wanted === "all" || how(attempt) === wanted);
  by("attempts").replaceChildren(...chosen.map(card));
  if (!chosen.length) by("attempts").append(element("p", "no attempt of this kind yet"));
}

function card(attempt) {
  const made = element("article", "", `card ${how(attempt)}`);
  made.id = `attempt-${attempt.number}-${attempt.attempt}`;
  const policy = attempt.policy ? ` · policy ${attempt.policy}` : "";
  made.append(element("h2", `${attempt.number}${attempt.attempt > 1 ? `, attempt ${attempt.attempt}` : ""}${policy}: ${how(attempt)}`));
  made.append(element("p", `${attempt.start_pose.replaceAll("_", " ")}, ${attempt.placement}`, "small"));
  if (attempt.video) {
    const video = document.createElement("video");
    Object.assign(video, { src: attempt.video, controls: true, muted: true, loop: true, preload: "metadata", playsInline: true });
    made.append(video);
  } else made.append(element("p", "no video"));
  if (attempt.success === null) made.append(element("p", attempt.reason));
  const { milestones = [], failure = "", note = "" } = attempt.rubric;
  const came = [milestones.length ? `came to: ${milestones.join(", ")}` : "", failure, note].filter(Boolean).join(" · ");
  if (came) made.append(element("p", came));
  for (const said of attempt.history) {
    const words = `${said.at} · ${said.role} ${said.success ? "success" : "failure"} · ${said.who}${said.why ? ` · ${said.why}` : ""}`;
    made.append(element("p", words, "small"));
  }
  if (attempt.success !== null) {
    const button = element("button", "Correct …");
    button.type = "button";
    button.onclick = () => ask(attempt);
    made.append(button);
  }
  return made;
}

function ask(attempt) {
  chosen = attempt;
  by("form-title").textContent = `Trial ${attempt.number} was called a ${how(attempt)}`;
  by("rater").value = localStorage.getItem("operator") || "";
  by("verdict").value = String(!attempt.success);
  by("why").value = "";
  by("milestones").replaceChildren(...shown.milestones.map((name) => {
    const chip = element("button", name);
    chip.type = "button";
    chip.setAttribute("aria-pressed", String((attempt.rubric.milestones || []).includes(name)));
    chip.onclick = () => chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
    return chip;
  }));
  by("kind").value = attempt.rubric.failure || "";
  by("note").value = attempt.rubric.note || "";
  by("dialog").showModal();
}

function tell(text) {
  by("banner").hidden = !text;
  by("banner").textContent = text;
}

async function send(path, body) {
  const options = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  const answer = await fetch(path, options);
  const value = await answer.json();
  if (!answer.ok) throw new Error(typeof value.detail === "string" ? value.detail : value.detail.map((one) => one.msg).join("; "));
  return value;
}

by("form").onsubmit = (event) => {
  if (event.submitter.value !== "save") return;
  const success = by("verdict").value === "true";
  const milestones = [...by("milestones").children].filter((chip) => chip.getAttribute("aria-pressed") === "true");
  const rubric = { milestones: milestones.map((chip) => chip.textContent), failure: success ? "" : by("kind").value, note: by("note").value.trim() };
  send("/review/labels", { attempt: chosen.id, rater: by("rater").value, success, reason: by("why").value, rubric })
    .then((data) => { localStorage.setItem("operator", by("rater").value); tell(""); show(data); })
    .catch((error) => tell(error.message));
};
by("show").onchange = draw;
by("play").onclick = () => {
  for (const video of document.querySelectorAll("video")) { video.currentTime = 0; video.play(); }
};
send("/review/attempts").then(show).catch((error) => tell(error.message));
