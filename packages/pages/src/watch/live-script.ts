/** What the live page runs: fetches the parts that have changed, and says so where the run is no longer served. */
export const LIVE_SCRIPT = `"use strict";
const known = new Map(JSON.parse(document.querySelector("meta[name=parts]").content));
const notice = document.createElement("p");
notice.className = "status live";
notice.setAttribute("role", "status");
document.body.prepend(notice);
const say = (text) => { notice.textContent = text; };

/** What the reader has opened or chosen stays so. */
function keepState(before, after) {
  const opened = [...before.querySelectorAll("details")].map((one) => one.open);
  after.querySelectorAll("details").forEach((one, i) => { one.open = opened[i] === true; });
  const chosen = [...before.querySelectorAll("input")].findIndex((one) => one.checked);
  const input = after.querySelectorAll("input")[chosen];
  if (input) input.checked = true;
}

async function update(id, hash) {
  const element = document.getElementById(id);
  if (element === null || (element.contains(document.activeElement) && id !== "summary")) return;
  const response = await fetch("part?id=" + encodeURIComponent(id));
  if (!response.ok) return;
  const part = await response.json();
  const template = document.createElement("template");
  template.innerHTML = part.html;
  const fresh = template.content.firstElementChild;
  keepState(element, fresh);
  element.replaceWith(fresh);
  known.set(id, part.hash);
}

let work = Promise.resolve();
const source = new EventSource("events");
source.onmessage = ({ data }) => {
  const parts = JSON.parse(data);
  say("Live: this page follows the run.");
  if (parts.map(([id]) => id).join() !== [...known.keys()].join()) { location.reload(); return; }
  work = work.then(async () => {
    for (const [id, hash] of parts) if (known.get(id) !== hash) await update(id, hash);
  }).catch(() => {});
};
source.onerror = () => say("Not connected: the command simclr watch has ended, or is busy. This is what was there last.");
`;
