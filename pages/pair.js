"use strict";
// The token stands behind the #, which is sent to nobody; it leaves the address before anything else happens.
const token = decodeURIComponent(location.hash.slice(1));
history.replaceState(null, "", "/pair");
fetch("/pair", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ token }),
}).then(async (answer) => {
  if (answer.ok) {
    location.replace("/");
    return;
  }
  document.getElementById("says").textContent = "Not paired";
  document.getElementById("todo").textContent = (await answer.json()).detail || "wrong token";
}).catch((error) => {
  document.getElementById("says").textContent = "Not paired";
  document.getElementById("todo").textContent = "the console does not answer: " + error.message;
});
