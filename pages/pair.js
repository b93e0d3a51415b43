"use strict";
// The token stands behind the #, which is sent to nobody; it leaves the address before anything else happens.
const by = (id) => document.getElementById(id);
function taken() {
  const given = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", "/pair");
  return given;
}

async function pair(token) {
  try {
    const answer = await fetch("/pair", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (answer.ok) location.replace("/");
    else ask("Not paired", (await answer.json()).detail || "wrong token");
  } catch (error) {
    ask("Not paired", "no answer: " + error.message);
  }
}

function ask(says, todo) {
  by("says").textContent = says;
  by("todo").textContent = todo;
  by("ask").hidden = false;
  by("token").focus();
}

by("ask").onsubmit = (event) => { event.preventDefault(); pair(by("token").value.trim()); };
window.addEventListener("hashchange", () => { const given = taken(); if (given) pair(given); });
const given = taken();
if (given) pair(given);
else ask("Pair this browser", "");
