"use strict";
const by = (id) => document.getElementById(id);
let asked = null;

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
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

function show(value) {
  tell(value.warning || "");
  asked = value.left ? value : null;
  by("desk").hidden = !asked;
  by("says").textContent = asked ? `${value.left} ${value.left === 1 ? "video is" : "videos are"} left` : "Done";
  by("todo").textContent = asked ? value.task.replaceAll("_", " ") : value.result;
  if (!asked) return;
  by("video").src = value.video;
  by("criterion").textContent = "Success: " + value.success;
  by("milestones").replaceChildren(...value.milestones.map((name) => {
    const chip = element("button", name);
    chip.type = "button"; chip.setAttribute("aria-pressed", "false");
    chip.onclick = () => chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
    return chip;
  }));
  by("kind").replaceChildren(element("option", ""), ...value.failures.map((name) => element("option", name)));
}

function rate(success) {
  if (!asked) return;
  const pressed = [...by("milestones").children].filter((chip) => chip.getAttribute("aria-pressed") === "true");
  const rubric = {
    milestones: success ? asked.milestones : pressed.map((chip) => chip.textContent),
    failure: success ? "" : by("kind").value,
  };
  send("/rate/labels", { attempt: asked.attempt, rater: by("rater").value, success, rubric })
    .then(show).catch((error) => tell(error.message));
  asked = null;
}

by("rater").value = localStorage.getItem("rater") || "";
by("who").onsubmit = (event) => {
  event.preventDefault();
  localStorage.setItem("rater", by("rater").value);
  send(`/rate/next?rater=${encodeURIComponent(by("rater").value)}`).then(show).catch((error) => tell(error.message));
};
by("success").onclick = () => rate(true);
by("failure").onclick = () => rate(false);
document.addEventListener("keydown", (event) => {
  if (event.repeat || ["INPUT", "SELECT"].includes(event.target.tagName)) return;
  if (event.key.toLowerCase() === "s") rate(true);
  if (event.key.toLowerCase() === "f") rate(false);
});
