/** What the labelling page runs: shows the image that is asked for, and sends one answer at a time. */
export const LABEL_SCRIPT = `"use strict";
const find = (id) => document.getElementById(id);
const [picture, classes, name, problem] = ["picture", "classes", "name", "problem"].map(find);
let view;
let isBusy = true;
const pictures = new Map();

function pictureOf(index) {
  if (!pictures.has(index)) {
    const image = new Image();
    image.onload = () => image.classList.toggle("tiny", Math.max(image.naturalWidth, image.naturalHeight) < 64);
    image.onerror = () => { pictures.delete(index); complain("This image could not be shown. Skip it, or load the page again."); };
    image.src = "image?index=" + index;
    pictures.set(index, image);
  }
  return pictures.get(index);
}

function complain(text) {
  problem.textContent = text;
  problem.hidden = text === "";
}

function said() {
  const { current, last, total, labelled, skipped } = view;
  const before = last ? (last.label === undefined ? "Skipped " + last.file + ". " : last.file + " is " + last.label + ". ") : "";
  if (current) return before + "Image " + (current.index + 1) + " of " + total + ": " + current.file;
  return before + "Done: " + labelled + " of " + total + " labelled" + (skipped > 0 ? ", " + skipped + " skipped." : ".");
}

function showClasses() {
  const names = JSON.stringify(view.classes);
  if (classes.dataset.shown === names) return;
  classes.dataset.shown = names;
  classes.replaceChildren(...view.classes.map(({ name: label, key }) => {
    const button = document.createElement("button");
    button.type = "button";
    if (key !== undefined) {
      const shown = document.createElement("kbd");
      shown.setAttribute("aria-hidden", "true");
      shown.textContent = key;
      button.append(shown);
      button.setAttribute("aria-keyshortcuts", key);
    }
    button.append(label);
    button.onclick = () => answer(label);
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
}

function show(next) {
  view = next;
  const { current, title, total, labelled, skipped, file } = view;
  document.title = (current ? current.index + 1 + "/" + total + " " : "Done: ") + title;
  find("title").textContent = "Label images: " + title;
  find("progress").max = total;
  find("progress").value = labelled + skipped;
  find("status").textContent = said();
  find("where").textContent = "Every answer is written to " + file + " at once.";
  find("asking").hidden = !current;
  find("skip").disabled = !current;
  find("undo").disabled = !view.last;
  find("revisit").hidden = Boolean(current) || skipped === 0;
  showClasses();
  for (const index of pictures.keys()) if (index !== current?.index && index !== view.next) pictures.delete(index);
  if (!current) return picture.replaceChildren();
  const image = pictureOf(current.index);
  image.alt = "The image to label, " + current.file;
  if (picture.firstChild !== image) picture.replaceChildren(image);
  if (view.next !== undefined) pictureOf(view.next);
  if (view.classes.length === 0) name.focus();
}

async function ask(path, body) {
  isBusy = true;
  try {
    const init = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(path, init);
    const isView = (response.headers.get("content-type") || "").startsWith("application/json");
    const reply = isView ? await response.json() : { problem: await response.text() };
    complain(reply.problem || "");
    if (isView) show(reply);
    return response.ok;
  } catch {
    complain("Not connected: the command simclr label has ended. What was answered is kept; start it again to go on.");
    return false;
  } finally {
    isBusy = false;
  }
}

const answer = async (label) => !isBusy && view?.current !== undefined && ask("answer", { file: view.current.file, label });
const undo = () => !isBusy && view?.last && ask("undo", {});

find("undo").onclick = undo;
find("skip").onclick = () => answer(undefined);
find("revisit").onclick = () => !isBusy && ask("revisit", {});
find("new").onsubmit = async (event) => {
  event.preventDefault();
  if (name.value.trim() === "" || !(await answer(name.value))) return;
  name.value = "";
  name.blur();
};
document.onkeydown = (event) => {
  if (event.target === name) { if (event.key === "Escape") name.blur(); return; }
  if (!find("keys").checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const chosen = view?.classes.find((one) => one.key === key);
  if (chosen) answer(chosen.name);
  else if (key === "u" || key === "Backspace") undo();
  else if (key === "s" || key === "ArrowRight") answer(undefined);
  else if (key === "n" && view?.current) name.focus();
  else return;
  event.preventDefault();
};
ask("view");
`;
